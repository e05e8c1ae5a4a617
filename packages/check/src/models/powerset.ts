/**
 * An object that may choose, as an object that does not: its state is the set of states in which it may be (Rabin & Scott
 * 1959). What an answer rules out leaves the set; an answer that leaves none is impossible.
 */
import { Hasher, type Lanes } from "../hasher.ts";
import type { Defined, Model } from "../model.ts";

/** No `isReadOnly`: what reads one state still narrows a set. */
export interface ChoiceModel<State extends Defined, Op, Result> extends Omit<
  Model<State, Op, Result>,
  "init" | "step" | "isReadOnly"
> {
  init(): readonly State[];
  /** All states after `op` with this result; none where it cannot give it. */
  step(state: State, op: Op, result: Result | undefined): readonly State[];
  equals(a: State, b: State): boolean;
}

export function powerset<State extends Defined, Op, Result>(
  model: ChoiceModel<State, Op, Result>,
): Model<readonly State[], Op, Result> {
  const distinct = (states: readonly State[]) =>
    states.filter((state, index) => states.findIndex((other) => model.equals(other, state)) === index);
  return {
    ...model,
    init: () => distinct(model.init()),
    step(states, op, result) {
      const after = distinct(states.flatMap((state) => model.step(state, op, result)));
      return after.length === 0 ? undefined : after;
    },
    isReadOnly: () => false,
    hash: (states, hasher) => void hasher.lanes(lanesOfSet(model, states)).number(states.length),
    describeState: (states) => states.map((state) => model.describeState(state)).join(" or "),
  };
}

/** The same in whatever order the states stand. */
function lanesOfSet<State extends Defined>(
  model: Pick<Model<State, never, never>, "hash">,
  states: readonly State[],
): Lanes {
  let high = 0;
  let low = 0;
  const hasher = new Hasher();
  for (const state of states) {
    model.hash(state, hasher.reset());
    high = (high + hasher.high) | 0;
    low = (low + hasher.low) | 0;
  }
  return { high, low };
}
