import { checkHistory, registerModel, type RegisterOp, type RegisterResult } from "@lattice/check";
import { describe, expect, it } from "vitest";
import { Regressions } from "../src/cli/regressions.ts";
import type { RaftPlan } from "../src/raft/action.ts";
import type { ToldOp } from "../src/raft/clients.ts";
import { makeRaftPlan } from "../src/raft/make-raft-plan.ts";
import { simulateRaft } from "../src/raft/simulate-raft.ts";
import { seedOf, seedsFrom } from "../src/seed.ts";

const planOf = (seed: number): RaftPlan => makeRaftPlan(seedOf(BigInt(seed)));

describe("a simulated cluster", () => {
  it("does the same for the same seed, and something else for another", () => {
    const [first, again, other] = [7, 7, 8].map((seed) => simulateRaft(planOf(seed)));
    expect(again).toEqual(first);
    expect(other!.traceHash).not.toBe(first!.traceHash);
  });

  it("breaks no rule in thirty lives full of trouble", () => {
    const outcomes = [...seedsFrom(seedOf(1n), 30)].map((seed) => simulateRaft(makeRaftPlan(seed)));
    expect(outcomes.flatMap(({ violation }) => violation ?? [])).toEqual([]);
    const count = (what: string) => outcomes.reduce((sum, { counts }) => sum + (counts.get(what) ?? 0), 0);
    for (const what of ["answers", "action crash", "action change", "action isolate", "messages lost"]) {
      expect(count(what), what).toBeGreaterThan(30);
    }
  });

  it("has had no violation that came back", () => {
    const plans = new Regressions<RaftPlan>("raft-regressions.json").all();
    expect(plans.flatMap(({ plan }) => simulateRaft(plan).violation ?? [])).toEqual([]);
  });
});

describe("what its clients are told", () => {
  const histories = [...seedsFrom(seedOf(1n), 30)].map((seed) => {
    const { actions, ...rest } = makeRaftPlan(seed);
    // One write at a time: a search takes for ever over many whose order nobody could tell.
    const single = actions.map((action) => (action.kind === "write" ? { ...action, count: 1 } : action));
    const plan = { ...rest, actions: single, untilMs: 4000 };
    return operationsOf(simulateRaft(plan, { keepsHistory: true }).history);
  });

  it("is linearizable, by a checker that knows nothing of logs", () => {
    expect(histories.flat().length).toBeGreaterThan(1000);
    const verdicts = histories.map((history) => checkHistory(registerModel, history).verdict);
    expect(verdicts.filter((verdict) => verdict !== "linearizable")).toEqual([]);
  });

  it("is not linearizable any more where the last read shows what was there at first", () => {
    const verdicts = histories.map((history) => {
      const read = history.findLastIndex(({ op }) => op.type === "read");
      const falsified = history.map((each, at) => (at === read ? { ...each, result: null } : each));
      // To be sure of a violation takes all orders; of some there are too many.
      return checkHistory(registerModel, falsified, { stepsMax: 200_000 }).verdict;
    });
    expect(verdicts.filter((verdict) => verdict === "linearizable")).toEqual([]);
    expect(verdicts.filter((verdict) => verdict === "violation").length).toBeGreaterThan(15);
  });
});

/** Without what nobody knows the outcome of and nobody ever read: it may as well never have happened, and costs the search dear. */
function operationsOf(told: readonly ToldOp[]) {
  const shown = new Set(told.map(({ kind, value }) => (kind === "read" ? value : undefined)));
  const known = told.filter(({ value, returnedAt }) => returnedAt !== undefined || shown.has(value));
  return known.map(({ kind, value, calledAt, returnedAt }, client) => {
    const text = value === 0 ? null : String(value);
    const op: RegisterOp = kind === "read" ? { type: "read" } : { type: "write", value: text };
    const answer: RegisterResult = kind === "read" ? text : null;
    return { client, op, result: returnedAt === undefined ? undefined : answer, calledAt, returnedAt };
  });
}
