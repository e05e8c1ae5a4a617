import { describe, expect, it } from "vitest";
import { checkHistory, kvModel, type KvOp, type KvResult } from "@lattice/check";
import { operation } from "./build.ts";

type Interval = readonly [calledAt: number, returnedAt?: number];

const get = (key: string, value: string | null, interval: Interval) =>
  operation<KvOp, KvResult>(0, { type: "get", key }, { result: value, interval });
const put = (key: string, value: string, interval: Interval) =>
  operation<KvOp, KvResult>(1, { type: "put", key, value }, { result: null, interval });
const append = (key: string, value: string, interval: Interval) =>
  operation<KvOp, KvResult>(2, { type: "append", key, value }, { result: null, interval });
const remove = (key: string, interval: Interval) =>
  operation<KvOp, KvResult>(3, { type: "delete", key }, { result: null, interval });

describe("a map's history", () => {
  it("keeps keys apart", () => {
    const history = [put("x", "1", [0, 1]), get("y", null, [2, 3]), get("x", "1", [4, 5])];
    const { verdict, partitions } = checkHistory(kvModel, history);
    expect(verdict).toBe("linearizable");
    expect(partitions.map(({ key, operations }) => [key, operations])).toEqual([
      ["y", [1]],
      ["x", [0, 2]],
    ]);
  });

  it("appends in the order that a read tells", () => {
    const appends = [append("x", "a", [0, 5]), append("x", "b", [1, 6])];
    for (const value of ["ab", "ba"]) {
      expect(checkHistory(kvModel, [...appends, get("x", value, [7, 8])]).verdict).toBe("linearizable");
    }
    for (const value of ["a", "aab", "", null]) {
      expect(checkHistory(kvModel, [...appends, get("x", value, [7, 8])]).verdict).toBe("violation");
    }
  });

  it("tells the empty text from nothing", () => {
    const emptied = put("x", "", [0, 1]);
    expect(checkHistory(kvModel, [emptied, get("x", "", [2, 3])]).verdict).toBe("linearizable");
    expect(checkHistory(kvModel, [emptied, get("x", null, [2, 3])]).verdict).toBe("violation");
  });

  it("forgets what is deleted", () => {
    const deleted = [put("x", "1", [0, 1]), remove("x", [2, 3])];
    expect(checkHistory(kvModel, [...deleted, get("x", null, [4, 5])]).verdict).toBe("linearizable");
    expect(checkHistory(kvModel, [...deleted, get("x", "1", [4, 5])]).verdict).toBe("violation");
    expect(checkHistory(kvModel, [...deleted, append("x", "2", [4, 5]), get("x", "2", [6, 7])]).verdict).toBe(
      "linearizable",
    );
  });

  it("is searched from the smallest partition up to the first violation", () => {
    const history = [
      ...[0, 2, 4].map((at) => get("large", null, [at, at + 1])),
      ...[0, 2].map((at) => get("bad", "x", [at, at + 1])),
      get("small", null, [0, 1]),
    ];
    const { verdict, partitions } = checkHistory(kvModel, history);
    expect(verdict).toBe("violation");
    expect(partitions).toEqual([
      expect.objectContaining({ key: "small", verdict: "linearizable", order: [5] }),
      expect.objectContaining({ key: "bad", verdict: "violation", stuck: 3 }),
      expect.objectContaining({ key: "large", verdict: "unknown", because: "violation-elsewhere" }),
    ]);
  });
});
