import { equalBytes, utf8 } from "@lattice/model";
import { MemoryStorage } from "@lattice/storage";
import { dumpTables, TableRestore } from "@lattice/mvcc";
import { describe, expect, it } from "vitest";
import { PIECE_BYTES_MAX } from "../src/limits.ts";

const TABLES = ["a", "b"];

function storageWith(
  rows: Readonly<Record<string, readonly (readonly [string, Uint8Array])[]>>,
): MemoryStorage {
  const storage = new MemoryStorage({ tables: TABLES });
  storage.transaction((table) => {
    for (const [name, list] of Object.entries(rows)) {
      for (const [key, value] of list) table(name).put(utf8(key), value);
    }
  });
  return storage;
}

function dump(storage: MemoryStorage): Uint8Array[] {
  return [...dumpTables((name) => storage.table(name), TABLES)];
}

function restore(pieces: Iterable<Uint8Array>): MemoryStorage {
  const storage = new MemoryStorage({ tables: TABLES });
  const restoring = new TableRestore(storage);
  for (const piece of pieces) restoring.add(piece);
  restoring.end();
  return storage;
}

const corrupt = expect.objectContaining({ code: "corrupt" });

describe("a dump", () => {
  const small = storageWith({
    a: [
      ["x", utf8("1")],
      ["y", utf8("")],
    ],
    b: [["z", utf8("2")]],
  });

  it("is bounded pieces, of which a storage with the same rows is made", () => {
    const storage = storageWith({
      a: [["large", new Uint8Array(1_000_000).fill(1)]],
      b: Array.from(
        { length: 500 },
        (_, index) => [`key ${index}`, new Uint8Array(3_000).fill(index)] as const,
      ),
    });
    const pieces = dump(storage);
    expect(pieces.length).toBeGreaterThan(5);
    expect(Math.max(...pieces.map(({ length }) => length))).toBe(PIECE_BYTES_MAX);
    const copy = restore(pieces);
    expect(copy.table("a").count() + copy.table("b").count()).toBe(501);
    expect(equalBytes(copy.table("a").get(utf8("large"))!, storage.table("a").get(utf8("large"))!)).toBe(
      true,
    );
    expect(equalBytes(Buffer.concat(dump(copy)), Buffer.concat(pieces))).toBe(true);
  });

  it("may be cut anywhere", () => {
    const [piece] = dump(small);
    const bytes = Array.from(piece!, (byte) => Uint8Array.of(byte));
    expect(dump(restore(bytes))).toEqual([piece]);
  });

  it("is refused where it breaks off, goes on, or is none", () => {
    const [piece] = dump(small);
    for (let end = 0; end < piece!.length; end++) {
      expect(() => restore([piece!.subarray(0, end)])).toThrow(corrupt);
    }
    expect(() => restore([piece!, Uint8Array.of(0, 1)])).toThrow(corrupt);
    expect(dump(restore([piece!, new Uint8Array(512)]))).toEqual([piece]);
    for (const [at, byte] of [
      [0, 9],
      [1, 7],
      [2, 200],
      [4, 9],
      [5, 0xff],
      [7, 0xff],
    ] as const) {
      expect(() => restore([piece!.with(at, byte)]), `byte ${at}`).toThrow(corrupt);
    }
  });
});
