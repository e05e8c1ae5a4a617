/** The search against the definition, over small histories of which many are nearly right. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  checkEtcdHistory,
  checkHistory,
  etcdModel,
  kvModel,
  registerModel,
  type EtcdAction,
  type EtcdOp,
  type EtcdResult,
  type History,
  type KvOp,
  type KvResult,
  type Model,
  type RegisterOp,
  type RegisterResult,
} from "@lattice/check";
import { historyUntil, isLinearizable } from "./brute-force.ts";
import { EtcdStore, newMap, newRegister } from "./objects.ts";
import { performPlans, type Plan } from "./simulated.ts";

const value = fc.constantFrom("a", "b", "c");
const key = fc.constantFrom("x", "y");

const registerOp: fc.Arbitrary<RegisterOp> = fc.oneof(
  { weight: 2, arbitrary: fc.constant({ type: "read" as const }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("write" as const), value }) },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constant("cas" as const), from: fc.option(value), to: value }),
  },
);

const kvOp: fc.Arbitrary<KvOp> = fc.oneof(
  fc.record({ type: fc.constant("get" as const), key }),
  fc.record({ type: fc.constantFrom("get" as const, "delete" as const), key }),
  fc.record({ type: fc.constantFrom("put" as const, "append" as const), key, value }),
);

const etcdAction: fc.Arbitrary<EtcdAction> = fc.oneof(
  fc.record({ type: fc.constantFrom("get" as const, "delete" as const), key }),
  fc.record({ type: fc.constant("put" as const), key, value }),
);

const etcdOp: fc.Arbitrary<EtcdOp> = fc.oneof(
  { weight: 4, arbitrary: etcdAction },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant("txn" as const),
      compares: fc.array(
        fc.oneof(
          fc.record({
            key,
            target: fc.constantFrom("version" as const, "modRevision" as const, "createRevision" as const),
            relation: fc.constantFrom("=" as const, "!=" as const, "<" as const, ">" as const),
            to: fc.nat(3),
          }),
          fc.record({
            key,
            target: fc.constant("value" as const),
            relation: fc.constant("=" as const),
            to: value,
          }),
        ),
        { maxLength: 2 },
      ),
      success: fc.array(etcdAction, { maxLength: 2 }),
      failure: fc.array(etcdAction, { maxLength: 2 }),
    }),
  },
);

/** Whole times, so that many are equal. */
function plansOf<Op>(op: fc.Arbitrary<Op>): fc.Arbitrary<readonly Plan<Op>[]> {
  const plan = fc
    .record({
      client: fc.nat(3),
      op,
      calledAt: fc.nat(16),
      wait: fc.nat(2),
      rest: fc.nat(3),
      isLost: fc.nat(5).map((number) => number === 0),
      isDone: fc.boolean(),
    })
    .map(({ wait, rest, ...plan }) => ({
      ...plan,
      effectAt: plan.calledAt + wait + 0.5,
      returnedAt: plan.calledAt + wait + rest + 1,
    }));
  return fc.array(plan, { minLength: 4, maxLength: 7, size: "max" });
}

/** What a faulty object might say: another answer, or that of another operation. */
const faults = fc.array(fc.record({ at: fc.nat(6), from: fc.nat(6), isMade: fc.boolean() }), {
  maxLength: 3,
});

interface Faulty<Op, Result> {
  readonly newObject: () => (op: Op) => Result;
  /** A wrong answer, perhaps. */
  readonly make: (op: Op, number: number) => Result;
}

function historiesOf<Op extends { readonly type: string }, Result>(
  op: fc.Arbitrary<Op>,
  { newObject, make }: Faulty<Op, Result>,
): fc.Arbitrary<History<Op, Result>> {
  return fc.tuple(plansOf(op), faults).map(([plans, faultList]) => {
    const history = [...performPlans(plans, newObject())];
    for (const { at, from, isMade } of faultList) {
      const [faulty, other] = [history[at], history[from]];
      if (faulty?.result === undefined) continue;
      if (isMade) history[at] = { ...faulty, result: make(faulty.op, from) };
      else if (other?.op.type === faulty.op.type) history[at] = { ...faulty, result: other.result };
    }
    return history;
  });
}

const VALUES = ["a", "b", "c", "ab", null];

const registerHistories = historiesOf<RegisterOp, RegisterResult>(registerOp, {
  newObject: newRegister,
  make: ({ type }, number) => (type === "write" ? null : type === "cas" ? number > 3 : VALUES[number % 5]!),
});
const kvHistories = historiesOf<KvOp, KvResult>(kvOp, {
  newObject: newMap,
  make: ({ type }, number) => (type === "get" ? VALUES[number % 5]! : null),
});
const etcdHistories = historiesOf<EtcdOp, EtcdResult>(etcdOp, {
  newObject() {
    const store = new EtcdStore();
    return (op) => store.perform(op);
  },
  make(op, number) {
    const store = new EtcdStore(1 + (number >> 1));
    if (number % 2 === 1) store.perform({ type: "put", key: "x", value: "a" });
    return store.perform(op);
  },
});

/** The model of a store with revisions by its definition: it knows nothing of the history. */
const plainEtcdModel: Model<EtcdStore, EtcdOp, EtcdResult> = {
  init: () => new EtcdStore(),
  step(state, op, result) {
    const after = new EtcdStore(state.revision, state.entries);
    const answer = after.perform(op);
    return result === undefined || JSON.stringify(sorted(answer)) === JSON.stringify(sorted(result))
      ? after
      : undefined;
  },
  hash: () => undefined,
  describeOperation: () => "",
  describeState: () => "",
};

function sorted(result: EtcdResult): readonly unknown[] {
  return Object.entries(result).sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Without what only saves time. */
function plain<State extends NonNullable<unknown> | null, Op, Result>(
  model: Model<State, Op, Result>,
): Model<State, Op, Result> {
  return { ...model, isReadOnly: () => false };
}

describe("the search says what the definition says", () => {
  it("of registers", () => {
    const verdicts = new Map<string, number>();
    fc.assert(
      fc.property(registerHistories, (history) => {
        const { verdict } = checkHistory(registerModel, history);
        expect(verdict).toBe(isLinearizable(registerModel, history) ? "linearizable" : "violation");
        expect(checkHistory(plain(registerModel), history).verdict).toBe(verdict);
        count(verdicts, verdict);
      }),
      { numRuns: 4000 },
    );
    expectBothCommon(verdicts);
  });

  it("of maps, by partitions", () => {
    // The brute force knows one key: it is asked for each.
    const verdicts = new Map<string, number>();
    fc.assert(
      fc.property(kvHistories, (history) => {
        const { verdict } = checkHistory(kvModel, history);
        const isFine = ["x", "y"].every((one) =>
          isLinearizable(
            kvModel,
            history.filter(({ op }) => op.key === one),
          ),
        );
        expect(verdict).toBe(isFine ? "linearizable" : "violation");
        count(verdicts, verdict);
      }),
      { numRuns: 3000 },
    );
    expectBothCommon(verdicts);
  });

  it("of stores with revisions", () => {
    const verdicts = new Map<string, number>();
    fc.assert(
      fc.property(etcdHistories, (history) => {
        const { verdict } = checkHistory(etcdModel(history), history);
        expect(checkEtcdHistory(history).verdict).toBe(verdict);
        expect(verdict).toBe(isLinearizable(plainEtcdModel, history) ? "linearizable" : "violation");
        count(verdicts, verdict);
      }),
      { numRuns: 4000 },
    );
    expectBothCommon(verdicts);
  });
});

describe("what the search gives beside the verdict", () => {
  it("is an order that respects times and results", () => {
    fc.assert(
      fc.property(registerHistories, (history) => {
        const [partition] = checkHistory(registerModel, history).partitions;
        if (partition?.verdict !== "linearizable") return;
        expectOrder(history, partition.order);
        const answered = [...history.keys()].filter((index) => history[index]!.result !== undefined);
        expect(partition.order).toEqual(expect.arrayContaining(answered));
      }),
      { numRuns: 2000 },
    );
  });

  it("is the first return up to which a history is not linearizable, and orders of all that returned before", () => {
    fc.assert(
      fc.property(registerHistories, (history) => {
        const [partition] = checkHistory(registerModel, history).partitions;
        if (partition?.verdict !== "violation") return;
        const { stuck, endings } = partition;
        expect(isLinearizable(registerModel, historyUntil(history, { stuck, isIncluded: false }))).toBe(true);
        expect(isLinearizable(registerModel, historyUntil(history, { stuck, isIncluded: true }))).toBe(false);
        expect(endings.length).toBeGreaterThan(0);
        for (const order of endings) {
          expectOrder(history, order);
          expect(order).not.toContain(stuck);
        }
      }),
      { numRuns: 3000 },
    );
  });
});

function expectOrder(history: History<RegisterOp, RegisterResult>, order: readonly number[]): void {
  const perform = newRegister();
  for (const [place, index] of order.entries()) {
    const { op, result, calledAt } = history[index]!;
    const answer = perform(op);
    if (result !== undefined) expect(answer).toBe(op.type === "write" ? answer : result);
    for (const later of order.slice(place + 1)) {
      const { returnedAt, result: laterResult } = history[later]!;
      if (laterResult !== undefined) expect(returnedAt).toBeGreaterThanOrEqual(calledAt);
    }
  }
  expect(new Set(order).size).toBe(order.length);
}

function count(verdicts: Map<string, number>, verdict: string): void {
  verdicts.set(verdict, (verdicts.get(verdict) ?? 0) + 1);
}

function expectBothCommon(verdicts: ReadonlyMap<string, number>): void {
  const { linearizable = 0, violation = 0 } = Object.fromEntries(verdicts);
  expect(Math.min(linearizable, violation)).toBeGreaterThan(0.12 * (linearizable + violation));
}
