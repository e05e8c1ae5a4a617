import { describe, expect, it } from "vitest";
import { checkHistory, powerset, type Operation } from "@lattice/check";

/** A die: a roll lies anywhere from 1 to 6, and is seen by reads. */
const die = powerset<number, "roll" | "read", number>({
  init: () => [1],
  step(state, op, result) {
    if (op === "roll") return [1, 2, 3, 4, 5, 6];
    return result === undefined || result === state ? [state] : [];
  },
  equals: (a, b) => a === b,
  hash: (state, hasher) => void hasher.number(state),
  describeOperation: (op, result) => `${op} ${result}`,
  describeState: String,
});

function history(
  ...steps: readonly (readonly ["roll" | "read", number])[]
): Operation<"roll" | "read", number>[] {
  return steps.map(([op, result], at) => ({
    client: 0,
    op,
    result,
    calledAt: 2 * at,
    returnedAt: 2 * at + 1,
  }));
}

describe("an object that may choose", () => {
  it("may be in any state that nothing has ruled out", () => {
    expect(checkHistory(die, history(["roll", 0], ["read", 4])).verdict).toBe("linearizable");
    expect(checkHistory(die, history(["roll", 0], ["read", 7])).verdict).toBe("violation");
  });

  it("is in the state that was read", () => {
    expect(checkHistory(die, history(["roll", 0], ["read", 4], ["read", 4])).verdict).toBe("linearizable");
    expect(checkHistory(die, history(["roll", 0], ["read", 4], ["read", 5])).verdict).toBe("violation");
    expect(checkHistory(die, history(["roll", 0], ["read", 4], ["roll", 0], ["read", 5])).verdict).toBe(
      "linearizable",
    );
  });

  it("shows all states in which it may be", () => {
    const states = die.step(die.init(), "roll", 0)!;
    expect(die.describeState(states)).toBe("1 or 2 or 3 or 4 or 5 or 6");
  });
});
