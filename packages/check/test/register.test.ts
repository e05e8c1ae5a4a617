import { describe, expect, it } from "vitest";
import { checkHistory, registerModel } from "@lattice/check";
import { cas, read, verdictOf, write } from "./build.ts";

describe("a register's history", () => {
  it("is linearizable when there is none", () => {
    expect(verdictOf()).toBe("linearizable");
  });

  it("begins with nothing", () => {
    expect(verdictOf(read(0, null, [0, 1]))).toBe("linearizable");
    expect(verdictOf(read(0, "a", [0, 1]))).toBe("violation");
  });

  it("is violated by a stale read", () => {
    const writes = [write(0, "a", [0, 1]), write(0, "b", [2, 3])];
    expect(verdictOf(...writes, read(1, "b", [4, 5]))).toBe("linearizable");
    expect(verdictOf(...writes, read(1, "a", [4, 5]))).toBe("violation");
  });

  it("is violated by a value that nobody wrote", () => {
    expect(verdictOf(write(0, "a", [0, 9]), read(1, "b", [1, 2]))).toBe("violation");
  });

  it("lets a read during a write see either value", () => {
    const during = [write(0, "a", [0, 1]), write(0, "b", [2, 9])];
    expect(verdictOf(...during, read(1, "a", [3, 4]))).toBe("linearizable");
    expect(verdictOf(...during, read(1, "b", [3, 4]))).toBe("linearizable");
  });

  it("is violated by reads of two clients that see a write and then do not", () => {
    const during = [write(0, "a", [0, 1]), write(0, "b", [2, 9])];
    expect(verdictOf(...during, read(1, "b", [3, 4]), read(2, "a", [5, 6]))).toBe("violation");
    expect(verdictOf(...during, read(1, "b", [3, 5]), read(2, "a", [4, 6]))).toBe("linearizable");
  });

  it("is violated by a lost update: two swaps of one value", () => {
    const first = write(0, "0", [0, 1]);
    expect(verdictOf(first, cas(1, ["0", "1", true], [2, 5]), cas(2, ["0", "2", true], [3, 4]))).toBe(
      "violation",
    );
    expect(verdictOf(first, cas(1, ["0", "1", true], [2, 5]), cas(2, ["0", "2", false], [3, 4]))).toBe(
      "linearizable",
    );
  });

  it("lets a swap fail only where the value is another", () => {
    expect(verdictOf(write(0, "a", [0, 1]), cas(0, ["a", "b", false], [2, 3]))).toBe("violation");
    expect(verdictOf(write(0, "a", [0, 1]), cas(0, ["b", "c", false], [2, 3]))).toBe("linearizable");
    expect(verdictOf(cas(0, [null, "a", true], [0, 1]), read(0, "a", [2, 3]))).toBe("linearizable");
  });

  it("finds the one order of concurrent swaps, whichever way they are listed", () => {
    const swaps = [
      cas(0, ["c", "d", true], [2, 9]),
      cas(1, ["b", "c", true], [2, 9]),
      cas(2, ["a", "b", true], [2, 9]),
      cas(3, [null, "a", true], [2, 9]),
    ];
    const result = checkHistory(registerModel, [...swaps, read(4, "d", [10, 11])]);
    expect(result.partitions).toEqual([
      expect.objectContaining({ verdict: "linearizable", order: [3, 2, 1, 0, 4] }),
    ]);
  });
});

describe("an operation with an unknown outcome", () => {
  const before = write(0, "a", [0, 1]);

  it("may have taken effect", () => {
    expect(verdictOf(before, write(1, "b", [2]), read(0, "b", [3, 4]))).toBe("linearizable");
  });

  it("may not have taken effect", () => {
    expect(verdictOf(before, write(1, "b", [2]), read(0, "a", [3, 4]))).toBe("linearizable");
  });

  it("may take effect long after", () => {
    expect(verdictOf(before, write(1, "b", [2]), read(0, "a", [3, 4]), read(0, "b", [50, 51]))).toBe(
      "linearizable",
    );
  });

  it("takes effect once", () => {
    const reads = [read(0, "b", [3, 4]), write(0, "c", [5, 6]), read(0, "b", [7, 8])];
    expect(verdictOf(before, write(1, "b", [2]), ...reads)).toBe("violation");
  });

  it("does not take effect before it is called", () => {
    expect(verdictOf(before, read(0, "b", [2, 3]), write(1, "b", [4]))).toBe("violation");
  });

  it("of a swap takes effect only on its value", () => {
    expect(verdictOf(before, cas(1, ["a", "b", true], [2]), read(0, "b", [3, 4]))).toBe("linearizable");
    expect(verdictOf(before, cas(1, ["x", "b", true], [2]), read(0, "b", [3, 4]))).toBe("violation");
  });

  it("counts as unknown also when it returned: without a result it may still take effect later", () => {
    const unsure = { ...write(1, "b", [2, 3]), result: undefined };
    expect(verdictOf(before, unsure, read(0, "a", [4, 5]), read(0, "b", [6, 7]))).toBe("linearizable");
    expect(verdictOf(before, write(1, "b", [2, 3]), read(0, "a", [4, 5]), read(0, "b", [6, 7]))).toBe(
      "violation",
    );
  });

  it("takes effect with its result or never, where it never returned but the result is known", () => {
    const known = { ...cas(1, ["x", "b", true], [2, 3]), returnedAt: undefined };
    expect(verdictOf(before, known, read(0, "a", [4, 5]))).toBe("linearizable");
    expect(verdictOf(before, known, write(0, "x", [4, 5]), read(0, "b", [6, 7]))).toBe("linearizable");
    expect(verdictOf(before, known, read(0, "b", [6, 7]))).toBe("violation");
  });
});

describe("times", () => {
  it("that are equal for a return and a call make the two concurrent", () => {
    expect(verdictOf(write(0, "a", [0, 5]), read(1, null, [5, 6]))).toBe("linearizable");
    expect(verdictOf(write(0, "a", [0, 4]), read(1, null, [5, 6]))).toBe("violation");
  });

  it("make operations of no length at one moment concurrent, in any order", () => {
    expect(verdictOf(read(0, "a", [5, 5]), write(1, "a", [5, 5]))).toBe("linearizable");
    expect(verdictOf(read(0, "a", [5, 5]), read(0, null, [5, 5]), write(1, "a", [5, 5]))).toBe(
      "linearizable",
    );
  });

  it("order operations, and neither the list nor the client does", () => {
    expect(verdictOf(read(0, "a", [5, 6]), write(0, "a", [1, 2]))).toBe("linearizable");
    expect(verdictOf(write(0, "a", [1, 6]), read(0, null, [2, 3]))).toBe("linearizable");
  });

  it("that are no interval are refused", () => {
    expect(() => verdictOf(write(0, "a", [2, 1]))).toThrow(/operation 0 was called at 2 and returned at 1/);
    expect(() => verdictOf(read(0, null, [0, 1]), write(0, "a", [NaN, 1]))).toThrow(/operation 1/);
  });
});

describe("the verdict on a violation", () => {
  it("names the operation at whose return the history stops being linearizable, and orders of what was before", () => {
    const history = [
      write(0, "a", [0, 1]),
      write(1, "b", [2, 9]),
      read(2, "b", [3, 4]),
      read(2, "a", [5, 6]),
      read(2, "c", [7, 8]),
    ];
    const { verdict, partitions } = checkHistory(registerModel, history);
    expect(verdict).toBe("violation");
    expect(partitions).toEqual([
      expect.objectContaining({ key: undefined, verdict: "violation", stuck: 3, endings: [[0, 1, 2]] }),
    ]);
  });

  it("has the states in which orders end, first the one that needs the fewest operations of unknown outcome", () => {
    const history = [write(0, "a", [0, 3]), write(1, "b", [1]), read(2, "c", [4, 5])];
    const [partition] = checkHistory(registerModel, history).partitions;
    expect(partition).toMatchObject({ stuck: 2, endings: [[0], [0, 1]] });
  });
});
