import { makeId, sha256, toHex, utf8, type IntentionId } from "@lattice/model";
import { authorNamed, MemoryState } from "@lattice/testkit";
import { describe, expect, it } from "vitest";
import {
  applyWrite,
  countKeys,
  countKeysIn,
  isConflicted,
  openRegisters,
  readHeads,
  readRegister,
  readRow,
  refusalOfWrite,
  registerTables,
  SUPERSEDES_COUNT_MAX,
  type RegisterWrite,
} from "@lattice/kvtable";

const KEY = utf8("key");

function setUp() {
  const state = new MemoryState(registerTables("r"));
  return { state, registers: openRegisters(state, "r") };
}

function write(
  time: number,
  of: Partial<RegisterWrite> & { by?: string; name?: string } = {},
): RegisterWrite {
  const { by = "alice", name = "", value = utf8(`value ${time}`), supersedes = [] } = of;
  return { id: idOf(time, name), author: authorNamed(by), value, supersedes };
}

function removal(time: number, supersedes: readonly IntentionId[] = []): RegisterWrite {
  return { ...write(time, { supersedes }), value: undefined };
}

function idOf(time: number, name = ""): IntentionId {
  return makeId(BigInt(time), sha256(utf8(`${time}${name}`)));
}

const text = (bytes: Uint8Array | undefined) => bytes && new TextDecoder().decode(bytes);

describe("a register", () => {
  it("that was never written is absent", () => {
    const { registers } = setUp();
    expect(readRow(registers, KEY)).toBeUndefined();
    expect(readHeads(registers, KEY, 10)).toEqual([]);
    expect(readRegister(registers, KEY)).toEqual({ value: undefined, conflicted: false });
  });

  it("has the head that superseded all others", () => {
    const { registers } = setUp();
    applyWrite(registers, KEY, write(1));
    const { before, after } = applyWrite(registers, KEY, write(2, { supersedes: [idOf(1)] }));
    expect(toHex(before!.winner.id)).toBe(toHex(idOf(1)));
    expect(toHex(after.winner.id)).toBe(toHex(idOf(2)));
    expect(readHeads(registers, KEY, 10)).toHaveLength(1);
    expect(registers.graves.count()).toBe(0);
  });

  it("with an empty value has a value", () => {
    const { registers } = setUp();
    applyWrite(registers, KEY, write(1, { value: new Uint8Array() }));
    expect(readRegister(registers, KEY).value).toEqual(new Uint8Array());
    expect(countKeys(registers)).toBe(1);
  });

  it("written twice at once is in conflict, and serves the later write", () => {
    const { registers } = setUp();
    applyWrite(registers, KEY, write(2, { by: "bob" }));
    applyWrite(registers, KEY, write(1));
    expect(text(readRegister(registers, KEY).value)).toBe("value 2");
    expect(isConflicted(readRow(registers, KEY))).toBe(true);
    expect(readHeads(registers, KEY, 10).map((head) => text(head.value))).toEqual(["value 2", "value 1"]);
  });

  it("prefers at one time the greater author, then the greater hash", () => {
    const { registers } = setUp();
    const [low, high] = ["alice", "bob"].sort((a, b) =>
      toHex(authorNamed(a)) < toHex(authorNamed(b)) ? -1 : 1,
    );
    const [small, large] = ["x", "y"].sort((a, b) => (toHex(idOf(1, a)) < toHex(idOf(1, b)) ? -1 : 1));
    applyWrite(registers, KEY, write(1, { by: high!, name: small! }));
    applyWrite(registers, KEY, write(1, { by: low!, name: large! }));
    expect(toHex(readRow(registers, KEY)!.winner.author)).toBe(toHex(authorNamed(high!)));
    applyWrite(registers, utf8("other"), write(1, { name: small! }));
    applyWrite(registers, utf8("other"), write(1, { name: large! }));
    expect(toHex(readRow(registers, utf8("other"))!.winner.id)).toBe(toHex(idOf(1, large)));
  });

  it("keeps a loser until a write supersedes it", () => {
    const { registers } = setUp();
    applyWrite(registers, KEY, write(1));
    applyWrite(registers, KEY, write(2, { by: "bob" }));
    applyWrite(registers, KEY, write(3, { supersedes: [idOf(2)] }));
    expect(readHeads(registers, KEY, 10).map((head) => text(head.value))).toEqual(["value 3", "value 1"]);
    applyWrite(registers, KEY, write(4, { supersedes: [idOf(3), idOf(1)] }));
    expect(isConflicted(readRow(registers, KEY))).toBe(false);
    expect(registers.losers.count()).toBe(0);
  });

  it("drops at once what was named before it came", () => {
    const { registers } = setUp();
    applyWrite(registers, KEY, write(5, { by: "mallory", supersedes: [idOf(3)] }));
    applyWrite(registers, KEY, write(3, { by: "bob" }));
    expect(readHeads(registers, KEY, 10).map((head) => text(head.value))).toEqual(["value 5"]);
    expect(registers.graves.count()).toBe(0);
  });

  it("takes an id that is named twice in one write for once", () => {
    const { registers } = setUp();
    applyWrite(registers, KEY, write(1));
    applyWrite(registers, KEY, write(2, { supersedes: [idOf(1), idOf(1)] }));
    expect(registers.graves.count()).toBe(0);
  });

  it("is not touched by writes of other keys that name its heads", () => {
    const { registers } = setUp();
    applyWrite(registers, KEY, write(1));
    applyWrite(registers, utf8("other"), write(2, { supersedes: [idOf(1)] }));
    expect(text(readRegister(registers, KEY).value)).toBe("value 1");
  });

  it("that was removed stays, unseen and uncounted, and can come back", () => {
    const { registers } = setUp();
    applyWrite(registers, KEY, write(1));
    applyWrite(registers, KEY, removal(2, [idOf(1)]));
    expect(readRegister(registers, KEY)).toEqual({ value: undefined, conflicted: false });
    expect(readHeads(registers, KEY, 10)).toHaveLength(1);
    expect(countKeys(registers)).toBe(0);
    expect(countKeysIn(registers, {})).toBe(0);
    applyWrite(registers, KEY, write(3, { supersedes: [idOf(2)] }));
    expect(countKeys(registers)).toBe(1);
    expect(registers.removed.count()).toBe(0);
  });

  it("keeps losers out of the row, so that heads without number do not outgrow it", () => {
    const { registers } = setUp();
    const value = new Uint8Array(100);
    applyWrite(registers, KEY, write(1, { value }));
    const { length } = registers.rows.get(KEY)!;
    for (let time = 2; time < 300; time++) applyWrite(registers, KEY, write(time, { value }));
    expect(registers.rows.get(KEY)).toHaveLength(length);
    expect(registers.losers.count()).toBe(298);
  });

  it("shows no more heads than asked for, the latest", () => {
    const { registers } = setUp();
    for (const time of [1, 2, 3, 4]) applyWrite(registers, KEY, write(time));
    expect(readHeads(registers, KEY, 2).map((head) => text(head.value))).toEqual(["value 4", "value 3"]);
    expect(readRow(registers, KEY)!.loserCount).toBe(3);
  });
});

describe("a write is refused", () => {
  const id = idOf(5);

  it("that names an id of another length", () => {
    expect(refusalOfWrite({ id, supersedes: [new Uint8Array(39)] })).toContain("39 bytes");
  });

  it("that names what is not older than itself", () => {
    expect(refusalOfWrite({ id, supersedes: [idOf(5, "other")] })).toContain("not older");
    expect(refusalOfWrite({ id, supersedes: [idOf(6)] })).toContain("not older");
    expect(refusalOfWrite({ id, supersedes: [idOf(4)] })).toBeUndefined();
  });

  it("that names too many", () => {
    const many = Array<IntentionId>(SUPERSEDES_COUNT_MAX + 1).fill(idOf(1));
    expect(refusalOfWrite({ id, supersedes: many })).toContain(`${SUPERSEDES_COUNT_MAX}`);
    expect(refusalOfWrite({ id, supersedes: many.slice(1) })).toBeUndefined();
  });
});
