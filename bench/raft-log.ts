/** The log of a Raft member on this disk, beside the least that any log has to do: write in place, and wait for the disk. */
import { closeSync, fdatasync, fdatasyncSync, fsyncSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { EntryKind, logIndex, term, type Entry } from "@lattice/raft";
import { openRaftLog } from "@lattice/raft-log";
import { median, perSecond, rate, report } from "./report.ts";
import { withScratch } from "./scratch.ts";

const ENTRY_BYTES = 256;
const FILE_BYTES = 64 << 20;
const ROUNDS = 6;
const WRITES = 200;

type Way = "ours" | "bare" | "bare in a thread";

export function benchRaftLog(): Promise<void> {
  return withScratch(async (directory) => {
    const log = await openRaftLog({ directory: join(directory, "log") });
    const bare = openSync(join(directory, "bare"), "w+");
    writeSync(bare, new Uint8Array(FILE_BYTES));
    fsyncSync(bare);
    let last = 0;
    let offset = 0;
    const append = async (batch: number) => {
      const entries: Entry[] = Array.from({ length: batch }, () => entryAt(++last));
      await log.write({ entries });
    };
    const writeBare = (batch: number) => {
      const bytes = new Uint8Array(batch * ENTRY_BYTES).fill(1);
      if (offset + bytes.length > FILE_BYTES) offset = 0;
      writeSync(bare, bytes, 0, bytes.length, offset);
      offset += bytes.length;
    };
    const ways: Readonly<Record<Way, (batch: number) => Promise<void>>> = {
      ours: append,
      bare: async (batch) => {
        writeBare(batch);
        fdatasyncSync(bare);
      },
      "bare in a thread": async (batch) => {
        writeBare(batch);
        await promisify(fdatasync)(bare);
      },
    };
    for (const batch of [1, 10, 100]) {
      const rates: Record<Way, number[]> = { ours: [], bare: [], "bare in a thread": [] };
      // In turns, since the disk has better and worse moments.
      for (let round = 0; round < ROUNDS; round++) {
        for (const [way, write] of Object.entries(ways) as [Way, (typeof ways)[Way]][]) {
          const start = performance.now();
          for (let count = 0; count < WRITES; count++) await write(batch);
          rates[way].push(perSecond(WRITES * batch, performance.now() - start));
        }
      }
      const ours = median(rates.ours);
      const ratios = `${(ours / median(rates.bare)).toFixed(2)} ×, in a thread ${(ours / median(rates["bare in a thread"])).toFixed(2)} ×`;
      const target = batch === 1 ? "≥ 0.7 × bare" : batch === 100 ? "≥ 200,000/s" : "-";
      report(`Raft log, ${batch} entries of 256 B a write`, `${rate(ours)}, ${ratios}`, target);
    }
    closeSync(bare);
    await log.close();
  });
}

function entryAt(index: number): Entry {
  const data = new Uint8Array(ENTRY_BYTES).fill(index & 0xff);
  return { index: logIndex(index), term: term(1), kind: EntryKind.DATA, data, membership: undefined };
}
