/** One large mesh, always the same: many machines, many writes, a network that loses packets and falls apart three times. */
import { Prng } from "../prng.ts";
import type { Action, Plan } from "./action.ts";

export interface LargePlanOptions {
  readonly machineCount: number;
  readonly writeCount: number;
}

const JOINED_MS = 60_000;
const WRITING_MS = 600_000;
const PARTITION_MS = 120_000;
const WRITER = 2;

export function makeLargePlan({ machineCount, writeCount }: LargePlanOptions): Plan {
  const random = new Prng(25n).fork("large");
  const actions: Action[] = [{ atMs: 100, kind: "create", machine: 0, store: 0, workload: 0 }];
  for (let machine = 1; machine < machineCount; machine++) {
    actions.push({ atMs: 1000 + machine * 1000, kind: "join", machine, store: 0, role: WRITER });
  }
  for (let n = 0; n < writeCount; n++) {
    const atMs = JOINED_MS + Math.floor((n / writeCount) * WRITING_MS);
    actions.push({
      atMs,
      kind: "write",
      machine: random.below(machineCount),
      store: 0,
      seed: random.uint32(),
    });
  }
  for (const [at, sideCount] of [2, 3, 4].entries()) {
    actions.push({
      atMs: JOINED_MS + 60_000 + at * (PARTITION_MS + 60_000),
      kind: "partition",
      sides: Array.from({ length: machineCount }, () => random.below(sideCount)),
      oneWay: false,
      forMs: PARTITION_MS,
      flaps: 1,
    });
  }
  return {
    seed: "0000000000000019",
    machineCount,
    liarCount: 0,
    untilMs: JOINED_MS + WRITING_MS,
    weather: { latencyMs: 20, jitterMs: 40, loss: 0.05, duplication: 0.02, bytesPerMs: 2_000 },
    actions: actions.toSorted((a, b) => a.atMs - b.atMs),
  };
}
