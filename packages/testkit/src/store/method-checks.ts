/** Of a store type: its methods are all there, fail in words, and do what their kind may do. */
import { equalBytes, toHex } from "@lattice/model";
import fc from "fast-check";
import { LARGE_BYTES, LARGE_CALLS } from "../limits.ts";
import { inWords } from "../message/in-words.ts";
import { lengthened } from "../message/lengthened.ts";
import { ContractViolation } from "./contract-violation.ts";
import {
  assertAnswered,
  beginCall,
  holdForCalls,
  methodsOf,
  outcomeOf,
  type CallCase,
  type MethodOf,
  type Outcome,
} from "./method-call.ts";
import { MemoryReplica } from "./memory-replica.ts";
import { assertSamePicture, pictureOf } from "./picture.ts";
import type { StoreUnderTest } from "./store-under-test.ts";

/** Each method of the service has a handler of its kind; the names of type and tables are such as others can use. */
export function checkDefinition({ type }: StoreUnderTest): void {
  const fail = (what: string): never => {
    throw new ContractViolation(`${type.type} ${what}`);
  };
  if (!/^[a-z0-9-]+:[a-z0-9-]+$/.test(type.type)) fail("is no name of the form namespace:name");
  if (!Number.isInteger(type.schema) || type.schema < 1)
    fail(`has the schema ${type.schema}; they count from 1`);
  if (new Set(type.tables).size !== type.tables.length)
    fail(`declares a table twice: ${type.tables.join(", ")}`);
  for (const { localName, serverStreaming, clientStreaming } of type.service.methods) {
    const method = type.methods.get(localName);
    if (method === undefined) return fail(`has no handler for ${localName}, which its service names`);
    if (clientStreaming) fail(`has ${localName} stream its requests, which no store does`);
    if (serverStreaming !== (method.kind === "stream")) fail(`answers ${localName} as a ${method.kind}`);
  }
  const names = new Set(type.service.methods.map(({ localName }) => localName));
  for (const name of type.methods.keys())
    if (!names.has(name)) fail(`has a handler for ${name}, which is no method`);
}

/** A query reads: state and log stay as they are, the same question has the same answer. */
export async function checkQueries(under: StoreUnderTest): Promise<void> {
  for (const method of methodsOf(under, "query")) await checkQuery(under, method);
}

/**
 * A command succeeds, and what it wrote counts, or it fails with a `LatticeError`, and nothing is written; also where a
 * request has more in it than a row can hold.
 */
export async function checkCommands(under: StoreUnderTest): Promise<void> {
  for (const method of methodsOf(under, "command")) await checkCommand(under, method);
}

async function checkQuery(under: StoreUnderTest, method: MethodOf<"query">): Promise<void> {
  const name = method.info.localName;
  let answeredCount = 0;
  await holdForCalls({ under, method, casesOf: (calls) => calls }, async (found) => {
    const { replica, message } = beginCall(under, method, found);
    const before = replica.state.dump();
    const ask = (): unknown => method.run(replica.queryContext(), message);
    const first = await outcomeOf(method, message, ask);
    if (replica.state.dump() !== before) {
      throw new ContractViolation(`the query ${name} changed the state. The request: ${inWords(message)}`);
    }
    const second = await outcomeOf(method, message, ask);
    if (!isSame(first, second)) {
      throw new ContractViolation(`the query ${name} gave two answers to one question: ${inWords(message)}`);
    }
    if ("reply" in first) answeredCount += 1;
  });
  assertAnswered(under, method, answeredCount);
}

function isSame(a: Outcome, b: Outcome): boolean {
  if ("reply" in a) return "reply" in b && equalBytes(a.reply, b.reply);
  return "refusal" in b && a.refusal.code === b.refusal.code && a.refusal.message === b.refusal.message;
}

async function checkCommand(under: StoreUnderTest, method: MethodOf<"command">): Promise<void> {
  const name = method.info.localName;
  let answeredCount = 0;
  const withBytes = (calls: fc.Arbitrary<CallCase>): fc.Arbitrary<CommandCase> =>
    fc.tuple(calls, fc.constantFrom(...LARGE_BYTES)).map(([call, bytes]) => ({ ...call, bytes }));
  await holdForCalls({ under, method, casesOf: withBytes }, async (found) => {
    const { replica, message } = beginCall(under, method, found);
    if (!(await callCommand(method, replica, message))) return;
    answeredCount += 1;
    for (const large of lengthened(method.info.I, message, found.bytes)) {
      for (let count = 0; count < LARGE_CALLS; count++) {
        if (!(await callCommand(method, replica, method.info.I.create(large) as object))) break;
      }
    }
    const other = new MemoryReplica(under.type, { author: "other" });
    for (const entry of replica.log) other.apply(entry);
    assertSamePicture(pictureOf(replica, `where ${name} was called`), pictureOf(other, "at another node"));
  });
  assertAnswered(under, method, answeredCount);
}

interface CommandCase extends CallCase {
  /** Of texts and byte strings, one after the other, where the request succeeds with what it has. */
  readonly bytes: number;
}

/** False where it failed, as it may. */
async function callCommand(
  method: MethodOf<"command">,
  replica: MemoryReplica,
  message: object,
): Promise<boolean> {
  const name = method.info.localName;
  const [before, count] = [replica.state.dump(), replica.log.length];
  const outcome = await outcomeOf(method, message, () => method.run(replica.commandContext(), message));
  const submitted = replica.log.slice(count);
  if ("refusal" in outcome) {
    if (submitted.length === 0 && replica.state.dump() === before) return false;
    throw new ContractViolation(
      `the command ${name} failed (${outcome.refusal.message}), and wrote all the same`,
    );
  }
  for (const { op } of submitted) {
    const reason = replica.refused.get(toHex(op.id));
    if (reason === undefined) continue;
    throw new ContractViolation(
      `the command ${name} succeeded with an op that apply refuses (${reason}). The request: ${inWords(message)}`,
    );
  }
  return true;
}
