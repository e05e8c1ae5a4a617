/** Fills the disk that its directory is on, and checks what is left of the log when there is room again. */
import { ok, strictEqual } from "node:assert";
import { rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { LatticeError } from "@lattice/model";
import { openRaftLog } from "../src/index.ts";
import { entry } from "./sample-log.ts";

const directory = process.argv[2]!;
const ballast = join(directory, "ballast");
const options = { directory, segmentBytes: 256 << 10 };

let log = await openRaftLog(options);
let taken = 0;
await log.write({ entries: [entry(++taken, 1, 1_000)] });

const { bavail, bsize } = statfsSync(directory);
writeFileSync(ballast, new Uint8Array(Math.max(0, bavail * bsize - (700 << 10))));

let failure: unknown;
while (failure === undefined) {
  await log.write({ entries: [entry(taken + 1, 1, 1_000)] }).then(
    () => taken++,
    (error: unknown) => {
      failure = error;
    },
  );
  ok(taken < 10_000, "the disk is full");
}
assertDiskFull(failure);
await log.write({ entries: [entry(taken + 1, 1)] }).then(() => ok(false, "it goes on"), assertDiskFull);
await log.close();

log = await openRaftLog(options);
strictEqual(log.persisted.entries.length, taken);
await log.close();

rmSync(ballast);
log = await openRaftLog(options);
strictEqual(log.persisted.entries.length, taken);
for (let count = 0; count < 500; count++) await log.write({ entries: [entry(++taken, 1, 1_000)] });
await log.close();

log = await openRaftLog(options);
strictEqual(log.persisted.entries.length, taken);
ok(log.persisted.entries.every(({ index, data }) => data.every((byte) => byte === (index & 0xff))));
await log.close();

function assertDiskFull(error: unknown): void {
  ok(error instanceof LatticeError, String(error));
  strictEqual(error.code, "disk-full");
}
