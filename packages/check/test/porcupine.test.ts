import { describe, expect, it } from "vitest";
import { checkHistory, kvModel, parseJepsenRegisterLog, parseKvLog, registerModel } from "@lattice/check";

const jepsen = (...lines: readonly string[]) =>
  parseJepsenRegisterLog(lines.map((line) => `INFO  jepsen.util - ${line}\n`).join(""));

describe("a log of Jepsen's, of one register", () => {
  it("becomes operations with the numbers of lines as times", () => {
    const text = [
      "INFO  jepsen.core - Worker 0 starting",
      "INFO  jepsen.util - 0\t:invoke\t:read\tnil",
      "INFO  jepsen.util - 1\t:invoke\t:write\t3",
      "INFO  jepsen.util - 0\t:ok\t:read\tnil",
      "INFO  jepsen.util - 1\t:ok\t:write\t3",
      "INFO  jepsen.util - 0\t:invoke\t:cas\t[3 4]",
      "INFO  jepsen.util - 1\t:invoke\t:cas\t[0 1]",
      "INFO  jepsen.util - 0\t:ok\t:cas\t[3 4]",
      "INFO  jepsen.util - 1\t:fail\t:cas\t[0 1]",
      "INFO  jepsen.core - done",
    ].join("\r\n");
    const history = parseJepsenRegisterLog(text);
    expect(history).toEqual([
      { client: 0, op: { type: "read" }, result: null, calledAt: 2, returnedAt: 4 },
      { client: 1, op: { type: "write", value: "3" }, result: null, calledAt: 3, returnedAt: 5 },
      { client: 0, op: { type: "cas", from: "3", to: "4" }, result: true, calledAt: 6, returnedAt: 8 },
      { client: 1, op: { type: "cas", from: "0", to: "1" }, result: false, calledAt: 7, returnedAt: 9 },
    ]);
    expect(checkHistory(registerModel, history).verdict).toBe("linearizable");
  });

  it("leaves open what timed out, crashed or never ended, and leaves out reads that failed", () => {
    const history = jepsen(
      "0\t:invoke\t:write\t1",
      "0\t:info\t:write\t:timed-out",
      "5\t:invoke\t:cas\t[1 2]",
      "5\t:fail\t:cas\t:timed-out",
      "6\t:invoke\t:read\tnil",
      "6\t:fail\t:read\t:connection-refused",
      "7\t:invoke\t:write\t9",
    );
    expect(history.map(({ client, result, returnedAt }) => [client, result, returnedAt])).toEqual([
      [0, undefined, undefined],
      [5, undefined, undefined],
      [7, undefined, undefined],
    ]);
  });

  it("has the verdict of its history", () => {
    const lines = ["0\t:invoke\t:write\t1", "0\t:info\t:write\t:timed-out", "1\t:invoke\t:read\tnil"];
    const verdict = (...more: readonly string[]) =>
      checkHistory(registerModel, jepsen(...lines, ...more)).verdict;
    expect(verdict("1\t:ok\t:read\t1")).toBe("linearizable");
    expect(verdict("1\t:ok\t:read\tnil")).toBe("linearizable");
    expect(verdict("1\t:ok\t:read\t2")).toBe("violation");
    expect(verdict("1\t:ok\t:read\t1", "1\t:invoke\t:read\tnil", "1\t:ok\t:read\tnil")).toBe("violation");
  });

  it("is refused where ends do not follow calls", () => {
    expect(() => jepsen("0\t:ok\t:read\t1")).toThrow(/line 1: client 0 returns without a call/);
    expect(() => jepsen("0\t:invoke\t:read\tnil", "0\t:invoke\t:read\tnil")).toThrow(
      /line 2: client 0 calls/,
    );
    expect(() => jepsen("0\t:invoke\t:cas\t5")).toThrow(/line 1: a cas without its two values/);
  });
});

const kv = (...lines: readonly (readonly [process: number, type: string, f: string, value: string])[]) =>
  parseKvLog(
    lines
      .map(
        ([process, type, f, value]) =>
          `{:process ${process}, :type :${type}, :f :${f}, :key "3", :value ${value}}\n`,
      )
      .join(""),
  );

describe("a log of a map, in EDN", () => {
  it("becomes operations, in which the empty text is an absence", () => {
    const history = kv(
      [0, "invoke", "get", "nil"],
      [0, "ok", "get", '""'],
      [1, "invoke", "append", '"x 0 \\"0\\" y"'],
      [0, "invoke", "put", '""'],
      [1, "ok", "append", '"x 0 \\"0\\" y"'],
      [0, "ok", "put", '""'],
      [0, "invoke", "get", "nil"],
    );
    expect(history).toEqual([
      { client: 0, op: { type: "get", key: "3" }, result: null, calledAt: 1, returnedAt: 2 },
      {
        client: 1,
        op: { type: "append", key: "3", value: 'x 0 "0" y' },
        result: null,
        calledAt: 3,
        returnedAt: 5,
      },
      { client: 0, op: { type: "delete", key: "3" }, result: null, calledAt: 4, returnedAt: 6 },
      { client: 0, op: { type: "get", key: "3" }, result: undefined, calledAt: 7, returnedAt: undefined },
    ]);
  });

  it("has the verdict of its history", () => {
    const appends = [
      [0, "invoke", "append", '"a"'],
      [1, "invoke", "append", '"b"'],
      [0, "ok", "append", '"a"'],
      [1, "ok", "append", '"b"'],
      [2, "invoke", "get", "nil"],
    ] as const;
    expect(checkHistory(kvModel, kv(...appends, [2, "ok", "get", '"ba"'])).verdict).toBe("linearizable");
    expect(checkHistory(kvModel, kv(...appends, [2, "ok", "get", '"b"'])).verdict).toBe("violation");
  });
});
