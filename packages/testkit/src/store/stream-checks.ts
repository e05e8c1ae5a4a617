/** Of a store type: a stream begins with what there is, tells what changes, and leaves nothing behind when it ends. */
import fc from "fast-check";
import { ContractViolation } from "./contract-violation.ts";
import {
  assertAnswered,
  beginCall,
  holdForCalls,
  methodsOf,
  type CallCase,
  type MethodOf,
} from "./method-call.ts";
import { written } from "./op-dag.ts";
import type { StoreUnderTest, Writing } from "./store-under-test.ts";
import { Consumer } from "./stream-consumer.ts";
import { assertNothingLost, type LossCase } from "./stream-losses.ts";

/** What a stream may do from its beginning to its end, however that comes. */
export async function checkStreams(under: StoreUnderTest): Promise<void> {
  for (const method of methodsOf(under, "stream")) await checkStream(under, method);
}

async function checkStream(under: StoreUnderTest, method: MethodOf<"stream">): Promise<void> {
  let answeredCount = 0;
  let changesTold = 0;
  const withWritings = (calls: fc.Arbitrary<CallCase>): fc.Arbitrary<StreamCase> =>
    fc
      .tuple(calls, fc.array(under.ops, { minLength: 1, maxLength: 4 }))
      .map(([call, writings]) => ({ ...call, writings }));
  await holdForCalls({ under, method, casesOf: withWritings }, async (found) => {
    const { replica, message } = beginCall(under, method, found);
    const begin = (): Consumer => new Consumer(method, replica.reopen(), message);
    const write = ({ replica: read }: Consumer): void => {
      for (const writing of found.writings) {
        read.submit(written(writing, { replica: () => read, world: read.log }));
      }
    };
    const told = await followToTheEnd(begin(), write);
    if (told === undefined) return;
    await leaveAtOnce(begin());
    await begin().abortAndDrain("its signal was aborted before it began");
    if (told > 0) await assertNothingLost({ begin, write });
    answeredCount += 1;
    changesTold += told;
  });
  assertAnswered(under, method, answeredCount);
  if (changesTold === 0) {
    throw new ContractViolation(
      `the stream ${method.info.localName} of ${under.type.type} told nothing of any op that came while it was read`,
    );
  }
}

interface StreamCase extends CallCase {
  /** What is submitted while the stream is read. */
  readonly writings: readonly Writing<any>[];
}

/** Its consumer leaves the loop behind the first event; no signal tells the stream. */
async function leaveAtOnce(consumer: Consumer): Promise<void> {
  await consumer.next();
  await consumer.leave();
  consumer.assertNothingLeft("its consumer left");
}

/** The number of events that changes made; undefined where the request was refused. */
async function followToTheEnd(consumer: Consumer, write: LossCase["write"]): Promise<number | undefined> {
  const { replica, name } = consumer;
  const before = replica.state.dump();
  const first = await consumer.next();
  if (first.kind === "refused") return undefined;
  if (first.kind !== "event") {
    throw new ContractViolation(
      first.kind === "done"
        ? `the stream ${name} ended by itself`
        : `the stream ${name} told nothing until something changed; it has to begin with what there is`,
    );
  }
  await consumer.readAll();
  if (replica.state.dump() !== before) throw new ContractViolation(`the stream ${name} changed the state`);
  write(consumer);
  const told = await consumer.readAll();
  await consumer.abortAndDrain();
  return told.length;
}
