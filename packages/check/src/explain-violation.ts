/** A violation in words and in a bounded number of operations: what a text and a drawing show. Core. */
import { assert } from "@lattice/model";
import type { Contradiction, Violation } from "./check-history.ts";
import { isOpen, type History } from "./history.ts";
import { SHOWN_BESIDE_MAX, SHOWN_STEPS_MAX, SHOWN_TEXT_LENGTH_MAX } from "./limits.ts";
import type { Defined, Model } from "./model.ts";

export interface Explanation {
  readonly key: string | undefined;
  /** What the key has in all. */
  readonly operationCount: number;
  /** By call: the last steps, what was under way without a place, and what is stuck. */
  readonly operations: readonly ShownOperation[];
  /** The end of the order that explains most; numbers of steps count from 1, over the whole order. */
  readonly steps: readonly ShownStep[];
  /** The state before the first of these steps. */
  readonly stateBefore: string;
  /** States in which such orders end; in none of them can the stuck operation have had its result. */
  readonly endings: readonly string[];
  /** Where answers contradict each other, and no order was searched for. */
  readonly contradiction: Contradiction | undefined;
}

export interface ShownOperation {
  /** In the whole history. */
  readonly index: number;
  readonly client: number;
  readonly text: string;
  readonly calledAt: number;
  /** Undefined where it may take effect at any later time, or never. */
  readonly returnedAt: number | undefined;
  readonly isStuck: boolean;
  /** It, or one of those that contradict each other. */
  readonly isBlamed: boolean;
}

export interface ShownStep {
  readonly number: number;
  readonly index: number;
  readonly state: string;
}

export function explainViolation<State extends Defined, Op, Result>(
  model: Model<State, Op, Result>,
  history: History<Op, Result>,
  violation: Violation,
): Explanation {
  const { key, stuck, endings, contradiction } = violation;
  const fullest = endings[0] ?? [];
  const stepsFrom = Math.max(0, fullest.length - SHOWN_STEPS_MAX);
  const states = replay(model, history, fullest);
  const steps = fullest.slice(stepsFrom).map((index, offset) => {
    const number = stepsFrom + offset + 1;
    return { number, index, state: clip(model.describeState(states[number]!)) };
  });
  return {
    key,
    operationCount: violation.operations.length,
    operations: shownOperations(history, violation, fullest).map((index) => {
      const { client, op, result, calledAt, returnedAt } = history[index]!;
      const text = clip(model.describeOperation(op, result));
      const end = isOpen(history[index]!) ? undefined : returnedAt;
      const isBlamed = contradiction?.operations.includes(index) ?? index === stuck;
      return { index, client, text, calledAt, returnedAt: end, isStuck: index === stuck, isBlamed };
    }),
    steps,
    stateBefore: clip(model.describeState(states[stepsFrom]!)),
    endings: endings.map((order) => clip(model.describeState(replay(model, history, order).at(-1)!))),
    contradiction,
  };
}

/** What a terminal or a failed test shows. */
export function violationText(explanation: Explanation): string {
  const { key, operations, steps, stateBefore, endings, contradiction } = explanation;
  const operationByIndex = new Map(operations.map((operation) => [operation.index, operation]));
  const line = (index: number) => {
    const { client, text } = operationByIndex.get(index)!;
    return `client ${client}: ${text}`;
  };
  const title = `not linearizable${key === undefined ? "" : `, key ${JSON.stringify(key)}`}`;
  if (contradiction !== undefined) {
    return [title, ...contradiction.operations.map(line), contradiction.reason].join("\n");
  }
  return [
    title,
    `before: ${stateBefore}`,
    ...steps.map(({ number, index, state }) => `${number}. ${line(index)}   [${state}]`),
    `no place for: ${line(operations.find(({ isStuck }) => isStuck)!.index)}`,
    ...endings.map((state) => `where the state is ${state}`),
  ].join("\n");
}

/** The state before the first operation, and after each. */
function replay<State extends Defined, Op, Result>(
  model: Model<State, Op, Result>,
  history: History<Op, Result>,
  order: readonly number[],
): readonly State[] {
  let state = model.init();
  const states = [state];
  for (const index of order) {
    const { op, result } = history[index]!;
    const after = model.step(state, op, result);
    assert(after !== undefined, "a linearization can be replayed");
    state = after;
    states.push(state);
  }
  return states;
}

function shownOperations(
  history: History<unknown, unknown>,
  { operations, stuck, contradiction }: Violation,
  fullest: readonly number[],
): readonly number[] {
  const blamed = contradiction?.operations ?? [stuck];
  const taken = new Set([...fullest, ...blamed]);
  const end = history[stuck]!.returnedAt!;
  const byCall = (a: number, b: number) => history[a]!.calledAt - history[b]!.calledAt || a - b;
  const beside = operations
    .filter((index) => !taken.has(index) && history[index]!.calledAt <= end)
    .sort(byCall);
  return [...fullest.slice(-SHOWN_STEPS_MAX), ...beside.slice(-SHOWN_BESIDE_MAX), ...blamed].sort(byCall);
}

/** Long values differ at their end as often as at their beginning: the middle goes. */
function clip(text: string): string {
  if (text.length <= SHOWN_TEXT_LENGTH_MAX) return text;
  const half = SHOWN_TEXT_LENGTH_MAX / 2;
  return `${text.slice(0, half)} … ${text.slice(-half)}`;
}
