/** The definition of linearizability, word by word: some order of all that returned, and of some that did not. */
import type { Defined, History, Model } from "@lattice/check";

export function isLinearizable<State extends Defined, Op, Result>(
  model: Model<State, Op, Result>,
  history: History<Op, Result>,
): boolean {
  const isOpen = history.map(({ result, returnedAt }) => result === undefined || returnedAt === undefined);
  const precedes = (a: number, b: number) => !isOpen[a]! && history[a]!.returnedAt! < history[b]!.calledAt;

  const extend = (state: State, placed: readonly number[]): boolean => {
    const rest = [...history.keys()].filter((index) => !placed.includes(index));
    if (rest.every((index) => isOpen[index])) return true;
    return rest.some((index) => {
      if (rest.some((other) => precedes(other, index))) return false;
      const after = model.step(state, history[index]!.op, history[index]!.result);
      return after !== undefined && extend(after, [...placed, index]);
    });
  };
  return extend(model.init(), []);
}

/** What there was of a history just after that operation returned, or just before. */
export function historyUntil<Op, Result>(
  history: History<Op, Result>,
  { stuck, isIncluded }: { stuck: number; isIncluded: boolean },
): History<Op, Result> {
  const end = history[stuck]!.returnedAt!;
  return history
    .map((operation, index) => {
      const { returnedAt } = operation;
      const hasReturned =
        returnedAt !== undefined &&
        (index === stuck ? isIncluded : returnedAt < end || (returnedAt === end && index < stuck));
      return { ...operation, returnedAt: hasReturned ? returnedAt : undefined };
    })
    .filter(({ calledAt }) => calledAt <= end);
}
