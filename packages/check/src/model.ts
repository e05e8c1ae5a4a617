/** What an object does when nobody else uses it: a history is linearizable with respect to this. */
import type { Hasher } from "./hasher.ts";

/** `undefined` says that a step is impossible, and is no state. */
export type Defined = NonNullable<unknown> | null;

/** States are immutable. All functions are pure. */
export interface Model<State extends Defined, Op, Result> {
  init(): State;

  /**
   * The state after `op`, or undefined where `op` cannot give this result in `state`. An unknown result (undefined) allows
   * any. For an object with a choice, see `powerset`.
   */
  step(state: State, op: Op, result: Result | undefined): State | undefined;

  /** Feeds what tells the state from others: equal states feed equally. */
  hash(state: State, hasher: Hasher): void;

  /**
   * Whether `op`, having given this result, leaves *every* state as it is. Optional, and only saves time, a lot of it: such
   * an operation is placed as soon as it fits, and no other order is tried.
   */
  isReadOnly?(op: Op, result: Result | undefined): boolean;

  /**
   * The part of the object that `op` touches, where parts do not depend on each other, such as the keys of a map. A history
   * is linearizable if and only if that of each part is (Herlihy & Wing 1990), and small histories are checked fast.
   */
  partition?(op: Op): string;

  describeOperation(op: Op, result: Result | undefined): string;
  describeState(state: State): string;
}
