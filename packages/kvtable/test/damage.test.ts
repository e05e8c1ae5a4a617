import { describe, expect, it } from "vitest";
import { makeId, sha256, utf8, type PubKey } from "@lattice/model";
import { applyWrite, readHeads, readRegister, readRow, type Registers } from "@lattice/kvtable";
import { encodeLoser, encodeRow } from "../src/head.ts";

const KEY = utf8("key");
const author = new Uint8Array(32).fill(3) as PubKey;
const winner = { id: makeId(5n, sha256(utf8("5"))), author, value: utf8("value") };
const corrupt = expect.objectContaining({ code: "corrupt" });

/** Tables whose every row is the one that was given for it. */
function registersOf(stored: { row?: Uint8Array; loser?: Uint8Array; grave?: Uint8Array }): Registers {
  const table = (value: Uint8Array | undefined) => ({
    get: () => value,
    has: () => value !== undefined,
    range: () => (value === undefined ? [] : [[new Uint8Array(72), value] as const]),
    count: () => 0,
    put: () => {},
    delete: () => false,
  });
  return {
    rows: table(stored.row),
    losers: table(stored.loser),
    graves: table(stored.grave),
    removed: table(undefined),
  };
}

describe("a damaged row", () => {
  const whole = encodeRow({ winner, loserCount: 0 });
  const removal = encodeRow({ winner: { ...winner, value: undefined }, loserCount: 0 });

  it.each([
    ["no bytes", new Uint8Array(0)],
    ["half of it", whole.subarray(0, 40)],
    ["another kind", whole.with(0, 2)],
    ["a removal with a value", whole.with(0, 0)],
    ["a removal that breaks off", removal.subarray(0, -1)],
  ])("with %s is corrupt to whoever reads or writes it, and no refusal of an op", (_, row) => {
    const registers = registersOf({ row });
    expect(() => readRow(registers, KEY)).toThrow(corrupt);
    expect(() => readRegister(registers, KEY)).toThrow(corrupt);
    expect(() => applyWrite(registers, KEY, { ...winner, supersedes: [] })).toThrow(corrupt);
  });

  it("of a loser is corrupt", () => {
    const row = encodeRow({ winner, loserCount: 1 });
    const loser = encodeLoser(winner);
    expect(readHeads(registersOf({ row, loser }), KEY, 2)).toHaveLength(2);
    expect(() => readHeads(registersOf({ row, loser: loser.subarray(0, 20) }), KEY, 2)).toThrow(corrupt);
  });

  it.each([0, 3, 5])("of a grave with %i bytes is corrupt", (length) => {
    const registers = registersOf({ grave: new Uint8Array(length) });
    expect(() => applyWrite(registers, KEY, { ...winner, supersedes: [] })).toThrow(corrupt);
  });
});
