/** Histories as large as the simulator's, and those on which a search gives up. */
import { describe, expect, it } from "vitest";
import {
  checkEtcdHistory,
  checkHistory,
  kvModel,
  registerModel,
  type EtcdOp,
  type History,
  type KvOp,
  type KvResult,
  type RegisterOp,
  type RegisterResult,
} from "@lattice/check";
import { write, read } from "./build.ts";
import { EtcdStore, newMap, newRegister } from "./objects.ts";
import type { Random } from "./random.ts";
import { performPlans, planCrowd } from "./simulated.ts";

function kvOp(random: Random, index: number): KvOp {
  const key = `key ${random.below(10)}`;
  const dice = random.fraction();
  if (dice < 0.5) return { type: "get", key };
  if (dice < 0.55) return { type: "delete", key };
  return dice < 0.8 ? { type: "put", key, value: `${index}` } : { type: "append", key, value: ` ${index}` };
}

function registerOp(random: Random): RegisterOp {
  const dice = random.fraction();
  if (dice < 0.5) return { type: "read" };
  if (dice < 0.8) return { type: "write", value: `${random.below(5)}` };
  return { type: "cas", from: `${random.below(5)}`, to: `${random.below(5)}` };
}

function etcdOp(random: Random, index: number): EtcdOp {
  const key = `key ${random.below(100)}`;
  const dice = random.fraction();
  if (dice < 0.5) return { type: "get", key };
  if (dice < 0.8) return { type: "put", key, value: `${index}` };
  if (dice < 0.9) return { type: "delete", key };
  const put = { type: "put", key, value: `t ${index}` } as const;
  const compare = { key, target: "version", relation: "=", to: 1 } as const;
  return { type: "txn", compares: [compare], success: [put], failure: [{ type: "get", key }] };
}

function kvHistory(seed: number): History<KvOp, KvResult> {
  return performPlans(planCrowd({ seed, clients: 10, operations: 10_000, op: kvOp }), newMap());
}

function registerHistory(seed: number, lostShare: number): History<RegisterOp, RegisterResult> {
  const crowd = { seed, clients: 5, operations: 2000, lostShare, op: registerOp };
  return performPlans(planCrowd(crowd), newRegister());
}

/** The result of one answered operation becomes another. */
function spoil<Op, Result>(
  history: History<Op, Result>,
  { from, matches, result }: { from: number; matches: (op: Op) => boolean; result: Result },
): History<Op, Result> {
  const at = history.findIndex((one, index) => index >= from && one.result !== undefined && matches(one.op));
  return history.with(at, { ...history[at]!, result });
}

describe("a large history", () => {
  it("of a map that is correct is accepted, in few steps for each operation", () => {
    for (const seed of [1, 2, 3]) {
      const { verdict, partitions } = checkHistory(kvModel, kvHistory(seed));
      expect(verdict).toBe("linearizable");
      expect(partitions.reduce((sum, { steps }) => sum + steps, 0)).toBeLessThan(50_000);
    }
  });

  it("of a map with one wrong answer is refused", () => {
    const isGet = ({ type }: KvOp) => type === "get";
    for (const from of [0, 5000, 9900]) {
      const history = spoil(kvHistory(4), { from, matches: isGet, result: "nobody wrote this" });
      expect(checkHistory(kvModel, history).verdict).toBe("violation");
    }
  });

  it("of a register is accepted also where answers were lost", () => {
    for (const seed of [1, 2, 3, 4, 5]) {
      for (const lostShare of [0, 0.02]) {
        const { verdict } = checkHistory(registerModel, registerHistory(seed, lostShare), {
          stepsMax: 5_000_000,
        });
        expect(verdict).toBe("linearizable");
      }
    }
  });

  it("of a register with one wrong answer is refused", () => {
    for (const from of [0, 1000, 1900]) {
      const isRead = ({ type }: RegisterOp) => type === "read";
      const history = spoil(registerHistory(6, 0), { from, matches: isRead, result: "nobody wrote this" });
      expect(checkHistory(registerModel, history).verdict).toBe("violation");
    }
  });

  it("of a store with revisions is checked in few steps, lost answers or not", () => {
    for (const lostShare of [0, 0.05]) {
      const store = new EtcdStore();
      const plans = planCrowd({ seed: 7, clients: 10, operations: 10_000, lostShare, op: etcdOp });
      const history = performPlans(plans, (op) => store.perform(op));
      const { verdict, partitions } = checkEtcdHistory(history, { stepsMax: 1_000_000 });
      expect(verdict).toBe("linearizable");
      expect(partitions[0]!.steps).toBeLessThan(200_000);
      const stale = spoil(history, {
        from: 9000,
        matches: ({ type }) => type === "get",
        result: { type: "get", revision: 2, entry: null },
      });
      expect(checkEtcdHistory(stale, { stepsMax: 1_000_000 }).verdict).toBe("violation");
    }
  });
});

describe("a search that does not end in time", () => {
  /** All writes are under way at once, and the last read fits none of the orders: there are 2^24 · 24 configurations. */
  const endless = [
    ...Array.from({ length: 24 }, (_, index) => write(index, `${index}`, [index, 100])),
    read(99, "nobody wrote this", [101, 102]),
  ];

  it("gives up after so many steps", () => {
    const result = checkHistory(registerModel, endless, { stepsMax: 50_000 });
    expect(result.verdict).toBe("unknown");
    expect(result.partitions).toEqual([expect.objectContaining({ verdict: "unknown", because: "steps" })]);
    expect(result.partitions[0]!.steps).toBeLessThan(51_000);
  });

  it("gives up when it would remember more than it may", () => {
    const { partitions } = checkHistory(registerModel, endless, { configurationsMax: 2 ** 20 });
    expect(partitions).toEqual([expect.objectContaining({ verdict: "unknown", because: "memory" })]);
  });

  it("gives up at its deadline, by the clock that it is given", () => {
    let readings = 0;
    const deadline = { now: () => (readings += 1), at: 10 };
    const { partitions } = checkHistory(registerModel, endless, { deadline });
    expect(partitions).toEqual([expect.objectContaining({ verdict: "unknown", because: "time" })]);
    expect(readings).toBe(10);
  });

  it("is unknown as a whole, unless another partition is at fault", () => {
    const keyed = (key: string): History<KvOp, KvResult> =>
      endless.map((one) => ({
        ...one,
        op: one.op.type === "write" ? { type: "put", key, value: one.op.value! } : { type: "get", key },
        result: one.op.type === "write" ? null : "nobody wrote this",
      }));
    const fine: History<KvOp, KvResult> = [
      { client: 0, op: { type: "get", key: "fine" }, result: null, calledAt: 0, returnedAt: 1 },
    ];
    const bad: History<KvOp, KvResult> = [{ ...fine[0]!, op: { type: "get", key: "bad" }, result: "x" }];
    const verdict = (...parts: readonly History<KvOp, KvResult>[]) =>
      checkHistory(kvModel, parts.flat(), { stepsMax: 10_000 }).verdict;
    expect(verdict(keyed("hard"), fine)).toBe("unknown");
    expect(verdict(keyed("hard"), fine, bad)).toBe("violation");
  });
});
