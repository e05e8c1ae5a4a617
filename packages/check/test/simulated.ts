/** Histories as a correct object makes them: each operation takes effect at one moment between its call and its return. */
import type { History, Operation } from "@lattice/check";
import { Random } from "./random.ts";

export interface Plan<Op> {
  readonly client: number;
  readonly op: Op;
  readonly calledAt: number;
  readonly effectAt: number;
  readonly returnedAt: number;
  /** The answer gets lost; and if so, whether the operation takes effect all the same. */
  readonly isLost: boolean;
  readonly isDone: boolean;
}

/** `perform` is the object. */
export function performPlans<Op, Result>(
  plans: readonly Plan<Op>[],
  perform: (op: Op) => Result,
): History<Op, Result> {
  const results = new Map<Plan<Op>, Result>();
  for (const plan of plans.toSorted((a, b) => a.effectAt - b.effectAt)) {
    if (plan.isDone || !plan.isLost) results.set(plan, perform(plan.op));
  }
  return plans.map((plan): Operation<Op, Result> => {
    const { client, op, calledAt, returnedAt, isLost } = plan;
    if (isLost) return { client, op, result: undefined, calledAt, returnedAt: undefined };
    return { client, op, result: results.get(plan), calledAt, returnedAt };
  });
}

export interface Crowd<Op> {
  readonly seed: number;
  readonly clients: number;
  readonly operations: number;
  readonly lostShare?: number;
  readonly op: (random: Random, index: number) => Op;
}

/** Clients that call one operation after the other. */
export function planCrowd<Op>({
  seed,
  clients,
  operations,
  lostShare = 0,
  op,
}: Crowd<Op>): readonly Plan<Op>[] {
  const random = new Random(seed);
  const clocks = new Array<number>(clients).fill(0);
  const plans: Plan<Op>[] = [];
  for (let index = 0; index < operations; index += 1) {
    const client = index % clients;
    const calledAt = clocks[client]! + random.fraction() / 4;
    const effectAt = calledAt + random.fraction();
    const returnedAt = effectAt + random.fraction();
    clocks[client] = returnedAt;
    const isLost = random.fraction() < lostShare;
    plans.push({
      client,
      op: op(random, index),
      calledAt,
      effectAt,
      returnedAt,
      isLost,
      isDone: !isLost || random.fraction() < 0.5,
    });
  }
  return plans;
}
