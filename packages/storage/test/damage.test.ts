import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { LatticeError, u64be } from "@lattice/model";
import { openLmdbStorage, removeLmdbStorage, type LmdbStorage } from "../src/index.ts";
import { startChild } from "./child.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

function open(path: string): LmdbStorage {
  return openLmdbStorage({ path, tables: ["t"], durability: "journal" });
}

function errorOf(body: () => unknown): LatticeError {
  try {
    body();
  } catch (error) {
    if (error instanceof LatticeError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

async function written(path: string, rows = 2_000): Promise<void> {
  await using storage = open(path);
  storage.transaction((table) => {
    for (let at = 0; at < rows; at++) table("t").put(u64be(at), new Uint8Array(200).fill(at));
  });
}

describe("opening", () => {
  it("refuses a file that is something else, and names it", () => {
    for (const bytes of [10, 100, 4_096, 100_000]) {
      const path = join(temporaryDirectory(), "log.db");
      writeFileSync(path, new Uint8Array(bytes).fill(0x5a));
      const error = errorOf(() => open(path));
      expect(error.code, `${bytes} bytes`).toBe("corrupt");
      expect(error.message).toContain(path);
      expect(error.message).not.toContain("\n");
    }
  });

  it("takes an empty file for a new one", async () => {
    const path = join(temporaryDirectory(), "log.db");
    writeFileSync(path, "");
    await using storage = open(path);
    expect(storage.table("t").count()).toBe(0);
  });

  it("refuses a directory, and a path below a file", () => {
    const directory = temporaryDirectory();
    const path = join(directory, "log.db");
    mkdirSync(path);
    expect(errorOf(() => open(path))).toMatchObject({
      code: "failed-precondition",
      message: `${path} is not a file`,
    });
    writeFileSync(join(directory, "file"), "");
    const below = errorOf(() => open(join(directory, "file", "log.db")));
    expect(below.code).toBe("failed-precondition");
    expect(below.message).toMatch(/^.*log\.db.*$/);
  });

  it.runIf(process.getuid?.() !== 0)("refuses a file that it may not read", async () => {
    const path = join(temporaryDirectory(), "log.db");
    await written(path);
    chmodSync(path, 0);
    expect(errorOf(() => open(path)).code).toBe("permission-denied");
  });

  it("refuses a second storage over one file, until the first is closed", async () => {
    const path = join(temporaryDirectory(), "log.db");
    const storage = open(path);
    expect(errorOf(() => open(path)).code).toBe("in-use");
    expect(errorOf(() => removeLmdbStorage(path)).code).toBe("in-use");
    await storage.close();
    await open(path).close();
  });

  it("refuses a file that was cut off", async () => {
    const path = join(temporaryDirectory(), "log.db");
    await written(path, 30_000);
    const whole = readFileSync(path);
    for (const bytes of [whole.length - (5 << 20), whole.length >> 2, 8_192, 8_191, 4_096, 100]) {
      writeFileSync(path, whole.subarray(0, bytes));
      const error = errorOf(() => open(path));
      expect(error.code, `${bytes} bytes`).toBe("corrupt");
      expect(error.message).toContain(path);
    }
  });

  it("refuses a file whose lock file is something else", () => {
    const path = join(temporaryDirectory(), "log.db");
    mkdirSync(`${path}-lock`);
    expect(errorOf(() => open(path)).message).toContain(path);
  });

  it("finds nothing when the database was removed, and none of the old rows come back", async () => {
    const path = join(temporaryDirectory(), "log.db");
    await written(path);
    removeLmdbStorage(path);
    removeLmdbStorage(path);
    await using storage = open(path);
    expect(storage.table("t").count()).toBe(0);
  });

  it("finds none of the rows of a journal whose database is gone", async () => {
    const directory = temporaryDirectory();
    const path = join(directory, "log.db");
    const storage = open(path);
    storage.transaction((table) => table("t").put(u64be(1), u64be(1)));
    await storage.flush();
    const journal = readFileSync(join(directory, "log.journal"));
    await storage.close();
    removeLmdbStorage(path);
    writeFileSync(join(directory, "log.journal"), journal);
    await using again = open(path);
    expect(again.table("t").count()).toBe(0);
  });

  it("refuses a database that is older than its journal", async () => {
    const directory = temporaryDirectory();
    const path = join(directory, "log.db");
    await written(path, 1);
    const backup = readFileSync(path);
    await written(path, 10);
    const storage = open(path);
    storage.transaction((table) => table("t").put(u64be(1), u64be(1)));
    await storage.flush();
    const journal = readFileSync(join(directory, "log.journal"));
    await storage.close();
    rmSync(`${path}-lock`, { force: true });
    writeFileSync(path, backup);
    writeFileSync(join(directory, "log.journal"), journal);
    expect(errorOf(() => open(path))).toMatchObject({ code: "corrupt" });
  });

  it("names the file when the rows of the journal have no table", async () => {
    const path = join(temporaryDirectory(), "log.db");
    const storage = openLmdbStorage({ path, tables: ["t", "u"], durability: "journal" });
    storage.transaction((table) => table("u").put(u64be(1), u64be(1)));
    await storage.flush();
    const copy = join(temporaryDirectory(), "log.db");
    writeFileSync(copy, readFileSync(path));
    writeFileSync(copy.replace(".db", ".journal"), readFileSync(path.replace(".db", ".journal")));
    await storage.close();
    expect(errorOf(() => open(copy)).message).toContain(copy);
  });
});

it("survives a file that has lost but its last pages", async () => {
  const path = join(temporaryDirectory(), "log.db");
  await written(path);
  const whole = readFileSync(path);
  writeFileSync(path, whole.subarray(0, whole.length - 20_000));
  const child = startChild({ program: "damage.program.ts", args: [path] });
  const { how, errors } = await child.ended;
  expect(how, "no signal").toBe(1);
  expect(errors).toContain("MDB_CORRUPTED");
});

it("says of damaged pages which file, table and key they are of, and reads the others", async () => {
  const path = join(temporaryDirectory(), "log.db");
  await written(path);
  const child = startChild({ program: "damage.program.ts", args: [path] });
  const lines: string[] = [];
  for await (const line of child.lines) lines.push(line);
  const { how, errors } = await child.ended;
  expect(how, errors).toBe(0);
  const corrupt = `corrupt ${path} (table t, at key 0000000000000063) is damaged: MDB_CORRUPTED`;
  expect(lines).toEqual([
    expect.stringContaining(corrupt),
    expect.stringContaining(corrupt),
    "others: 200 10",
    "flush: corrupt",
    "others: 200",
  ]);
});
