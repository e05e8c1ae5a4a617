/**
 * Fills the disk that its directory is on, in the way it is told, and goes on when there is room again. It
 * checks what it finds and ends with an error where that is not as it should be.
 */
import { deepStrictEqual as same, ok, strictEqual, throws } from "node:assert";
import { readFileSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { LatticeError, readSeqBe, u64be } from "@lattice/model";
import { openLmdbStorage, type LmdbStorage, type LmdbStorageOptions, type Storage } from "../src/index.ts";
import { LmdbFile } from "../src/lmdb/lmdb-file.ts";

const [scenario, directory] = process.argv.slice(2) as [string, string];
const path = join(directory, "log.db");
const ballast = join(directory, "ballast");

function open(settings: Partial<LmdbStorageOptions> = {}): LmdbStorage {
  return openLmdbStorage({ path, tables: ["t"], durability: "journal", ...settings });
}

function put(storage: Storage, number: number, bytes: number): void {
  storage.transaction((table) => table("t").put(u64be(number), new Uint8Array(bytes).fill(number)));
}

/** The numbers of the rows, all of which must be whole. */
function numbers(storage: Storage): number[] {
  return [...storage.table("t").range()].map(([key, value]) => {
    const number = readSeqBe(key);
    ok(value.every((byte) => byte === (number & 0xff)));
    return number;
  });
}

function upTo(count: number): number[] {
  return [...Array(count).keys()];
}

/** Writes row after row until one is refused, and gives how many were taken. */
async function fill(storage: LmdbStorage, bytes: number, from = 0): Promise<number> {
  for (let number = from; ; number++) {
    put(storage, number, bytes);
    try {
      await storage.flush();
    } catch (error) {
      assertDiskFull(error);
      same(numbers(storage), upTo(number));
      strictEqual(storage.table("t").count(), number);
      return number;
    }
  }
}

function assertDiskFull(error: unknown): true {
  ok(error instanceof LatticeError, String(error));
  strictEqual(error.code, "disk-full");
  return true;
}

async function refused(storage: LmdbStorage, number: number, bytes: number): Promise<void> {
  const before = numbers(storage);
  put(storage, number, bytes);
  await storage.flush().then(() => ok(false, "there was room"), assertDiskFull);
  same(numbers(storage), before);
}

/** Leaves so much room on the disk. */
function fillUpTo(bytesFree: number): void {
  const { bavail, bsize } = statfsSync(directory);
  writeFileSync(ballast, new Uint8Array(Math.max(0, bavail * bsize - bytesFree)));
}

async function checkReopened(storage: Storage, expected: number[]): Promise<void> {
  await storage.close();
  const again = open();
  same(numbers(again), expected);
  await again.close();
}

const scenarios: Record<string, () => Promise<void>> = {
  /** Small rows, so that the journal is what finds no room, after merges that found none. */
  async journal() {
    const storage = open({ overlayBytesMax: 100_000 });
    fillUpTo(2 << 20);
    const taken = await fill(storage, 3_000);
    await refused(storage, taken, 100_000);
    rmSync(ballast);
    for (let number = taken; number < taken + 200; number++) {
      put(storage, number, 3_000);
      await storage.flush();
    }
    ok(storage.bytesPending() < 200_000, "merges are done again");
    await checkReopened(storage, upTo(taken + 200));
  },

  /** Another process that opens the files while the disk is still full. */
  async "reopen on a full disk"() {
    const storage = open();
    fillUpTo(1 << 20);
    const taken = await fill(storage, 3_000);
    await storage.close();
    const again = open();
    same(numbers(again), upTo(taken));
    rmSync(ballast);
    put(again, taken, 3_000);
    await again.flush();
    await checkReopened(again, upTo(taken + 1));
  },

  async "large transactions"() {
    const storage = open();
    fillUpTo(3 << 20);
    const taken = await fill(storage, 400_000);
    ok(taken > 0);
    put(storage, taken, 10);
    await storage.flush();
    rmSync(ballast);
    put(storage, taken + 1, 400_000);
    await storage.flush();
    await checkReopened(storage, upTo(taken + 2));
  },

  async lazy() {
    const settings = { durability: "lazy", overlayBytesMax: 100_000 } as const;
    const storage = open(settings);
    fillUpTo(1 << 20);
    let merged = 0;
    for (let number = 0; ; number++) {
      put(storage, number, 3_000);
      // Of this one there are older versions that were flushed and not merged; none of them may come back.
      put(storage, 0, 3_000 + number);
      try {
        await storage.flush();
        if (storage.bytesPending() === 0) merged = number + 1;
      } catch (error) {
        assertDiskFull(error);
        break;
      }
    }
    same(numbers(storage), upTo(merged));
    strictEqual(storage.table("t").get(u64be(0))?.length, 3_000 + merged - 1);
    rmSync(ballast);
    put(storage, merged, 3_000);
    await storage.flush();
    await checkReopened(storage, upTo(merged + 1));
  },

  /** What is refused stays in memory, and is in the next checkpoint for which there is room. */
  async checkpoints() {
    const storage = openLmdbStorage({ path, tables: ["t"], durability: "checkpoint" });
    fillUpTo(2 << 20);
    let kept = 0;
    let number = 0;
    for (;;) {
      for (let count = 0; count < 20; count++) put(storage, number++, 3_000);
      try {
        await storage.checkpoint();
        kept = number;
      } catch (error) {
        assertDiskFull(error);
        break;
      }
    }
    ok(kept > 0);
    same(numbers(storage), upTo(number));
    const view = storage.view();
    same([...view.table("t").range()].length, kept);
    view.close();
    put(storage, number++, 3_000);
    await storage.checkpoint().then(() => ok(false, "there was room"), assertDiskFull);
    rmSync(ballast);
    await storage.checkpoint();
    strictEqual(storage.bytesPending(), 0);
    // Of what the file takes beside its rows nearly all is room that was reserved.
    for (let times = 0; times < 3; times++) {
      put(storage, number++, 3_000);
      await storage.checkpoint();
      await storage.defragment();
    }
    await checkReopened(storage, upTo(number));
  },

  /** LMDB itself finds no room, as it does when others fill the disk between our look and its write. */
  async "commit of LMDB"() {
    let file = LmdbFile.open({ path, tables: ["t"], sync: true });
    fillUpTo(1 << 20);
    const write = (number: number): void => {
      const table = file.tables.get("t")!;
      file.write(number, () => {
        for (let at = 0; at < 20; at++)
          table.put(u64be(number * 20 + at), new Uint8Array(2_000).fill(number));
      });
    };
    let taken = 0;
    try {
      for (;;) write(++taken);
    } catch (error) {
      assertDiskFull(error);
    }
    taken -= 1;
    const check = (): void => {
      strictEqual(file.generation, taken);
      const rows = [...file.tables.get("t")!.range({})];
      same(
        rows.map(({ key }) => readSeqBe(key)),
        upTo(taken * 20).map((at) => at + 20),
      );
      strictEqual(file.tables.get("t")!.count(), taken * 20);
    };
    check();
    rmSync(ballast);
    throws(() => write(taken + 1), assertDiskFull);
    file.recover({ hasViews: false });
    write(++taken);
    check();
    await file.close();
    file = LmdbFile.open({ path, tables: ["t"], sync: true });
    check();
    await file.close();
  },

  /** Under a limit for files that no look at the disk foretells: the other thread finds no room. */
  async "checkpoints under a limit"() {
    const storage = openLmdbStorage({ path, tables: ["t"], durability: "checkpoint" });
    let kept = 0;
    let number = 0;
    for (;;) {
      for (let count = 0; count < 10; count++) put(storage, number++, 3_000);
      try {
        await storage.checkpoint();
        kept = number;
      } catch (error) {
        ok(error instanceof LatticeError, String(error));
        break;
      }
    }
    ok(kept > 0);
    same(numbers(storage), upTo(number));
    await checkReopened(storage, upTo(kept));
  },

  /** Under a limit for files that no look at the disk foretells: merges fail in LMDB, then the journal. */
  async "limit for files"() {
    const storage = open({ overlayBytesMax: 50_000 });
    const taken = await fill(storage, 3_000);
    ok(readFileSync(path).length > 100_000, "there were merges");
    await storage.close();
    const again = open();
    same(numbers(again), upTo(taken));
    await again.close();
  },
};

await scenarios[scenario]!();
