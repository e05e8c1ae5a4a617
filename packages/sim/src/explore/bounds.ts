/** How small the world is that is explored. Every bound makes it finite in one direction. */

/** What may happen so many times in all. */
export const BUDGETS = [
  "entries",
  "faults",
  "reads",
  "preVotes",
  "snapshots",
  "transfers",
  "changes",
  "stepDowns",
] as const;
export type Budget = (typeof BUDGETS)[number];

export interface Bounds extends Readonly<Record<Budget, number>> {
  /** Who votes at the beginning. Members are 1 to the number of all. */
  readonly members: number;
  readonly learners: number;
  /** Machines that are no members at the beginning. */
  readonly outsiders: number;
  /** Elections are held in so many terms. */
  readonly terms: number;
  /** Writes take their time, and a crash may come before they are done. Else they are done at once. */
  readonly hasSlowDisks: boolean;
}

/** Each in four bits of one number. */
export const BUDGET_MAX = 15;
export const MEMBERS_MAX = 5;
export const TERMS_MAX = 15;

export const smallBounds: Bounds = {
  members: 3,
  learners: 0,
  outsiders: 0,
  terms: 1,
  hasSlowDisks: true,
  entries: 1,
  faults: 1,
  reads: 0,
  preVotes: 0,
  snapshots: 0,
  transfers: 0,
  changes: 0,
  stepDowns: 0,
};

const SHIFTS = Object.fromEntries(BUDGETS.map((budget, at) => [budget, 4 * at])) as Record<Budget, number>;

/** How much of each budget is gone, in one number. */
export type Spent = number;

export function spentOf(spent: Spent, budget: Budget): number {
  return (spent >>> SHIFTS[budget]) & BUDGET_MAX;
}

export function spend(spent: Spent, budget: Budget): Spent {
  return spent + (1 << SHIFTS[budget]);
}
