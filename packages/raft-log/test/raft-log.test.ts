/** The log on files: what shares a write, what a fault does, and what is refused when it is opened. */
import { openSync, closeSync, readdirSync, readFileSync, statSync, writeSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { LatticeError } from "@lattice/model";
import { describe, expect, it } from "vitest";
import {
  openRaftLog,
  RaftLog,
  recoverLog,
  SEGMENT_BYTES_DEFAULT,
  WRITE_BYTES_MAX,
  type LogDisk,
  type SegmentWrite,
} from "../src/index.ts";
import { entries, entry, hardState, id, picture, recovered, SEGMENT_BYTES, snapshot } from "./sample-log.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

/** A disk that answers when it is told to, and keeps what it wrote. */
class HeldDisk implements LogDisk {
  readonly files = new Map<number, Uint8Array>();
  readonly writes: { readonly write: SegmentWrite; readonly isAlone: boolean }[] = [];
  #answer: { readonly resolve: () => void; readonly reject: (error: unknown) => void } | undefined;
  isClosed = false;

  write(write: SegmentWrite, { isAlone }: { readonly isAlone: boolean }): Promise<void> {
    expect(this.#answer).toBeUndefined();
    this.writes.push({ write, isAlone });
    return new Promise((resolve, reject) => {
      this.#answer = { resolve, reject };
    });
  }

  async remove(segments: readonly number[]): Promise<void> {
    for (const number of segments) this.files.delete(number);
  }

  async close(): Promise<void> {
    this.isClosed = true;
  }

  /** Says of the write that is under way that it is durable, or has failed. */
  async answer(error?: unknown): Promise<void> {
    const { segment, segmentBytes, offset, bytes } = this.writes.at(-1)!.write;
    if (offset === 0) this.files.set(segment, new Uint8Array(segmentBytes));
    this.files.get(segment)!.set(bytes, offset);
    const answer = this.#answer!;
    this.#answer = undefined;
    if (error === undefined) answer.resolve();
    else answer.reject(error);
    await turn();
  }
}

async function turn(): Promise<void> {
  for (let count = 0; count < 3; count++) await new Promise((resolve) => setImmediate(resolve));
}

function onHeldDisk(): { disk: HeldDisk; log: RaftLog } {
  const disk = new HeldDisk();
  return { disk, log: new RaftLog({ recovered: recoverLog([]), disk, segmentBytes: SEGMENT_BYTES }) };
}

describe("writes that are asked for together", () => {
  it("share a frame, and those that come meanwhile share the next", async () => {
    const { disk, log } = onHeldDisk();
    const first = [1, 2, 3].map((index) => log.write({ entries: [entry(index, 1)] }));
    await turn();
    const second = [4, 5].map((index) => log.write({ entries: [entry(index, 1)] }));
    await turn();
    expect(disk.writes.length).toBe(1);
    await disk.answer();
    await Promise.all(first);
    expect(disk.writes.map(({ isAlone }) => isAlone)).toEqual([false, false]);
    await disk.answer();
    await Promise.all(second);
    const alone = log.write({ entries: [entry(6, 1)] });
    await turn();
    await disk.answer();
    await alone;
    expect(disk.writes.map(({ isAlone }) => isAlone)).toEqual([false, false, true]);
    await log.close();
    expect(
      recoverLog([...disk.files].map(([number, bytes]) => ({ number, bytes }))).persisted.entries,
    ).toEqual(entries(1, 6, 1));
  });

  it("share no frame beyond a bound", async () => {
    const { disk, log } = onHeldDisk();
    const writes = [1, 2, 3, 4].map((index) => log.write({ entries: [entry(index, 1, 600 << 10)] }));
    await turn();
    await disk.answer();
    await disk.answer();
    await Promise.all(writes);
    expect(disk.writes.length).toBe(2);
    await log.close();
  });

  it("are refused by themselves", async () => {
    const { disk, log } = onHeldDisk();
    const results = Promise.allSettled([
      log.write({ entries: [entry(1, 1)] }),
      log.write({ entries: [entry(5, 1)] }),
      log.write({ entries: [entry(2, 1), entry(3, 1, WRITE_BYTES_MAX)] }),
      log.write({ entries: [entry(2, 1)] }),
    ]);
    await turn();
    await disk.answer();
    expect(await results).toMatchObject([
      { status: "fulfilled" },
      { reason: { code: "invalid-argument" } },
      { reason: { code: "too-large" } },
      { status: "fulfilled" },
    ]);
    await log.close();
    expect(recovered(disk.files)).toBe(picture({ ...recoverLog([]).persisted, entries: entries(1, 2, 1) }));
  });
});

describe("a write that fails", () => {
  it("fails all that come after it, and nothing is written any more", async () => {
    const { disk, log } = onHeldDisk();
    const first = log.write({ entries: [entry(1, 1)] });
    await turn();
    await disk.answer();
    await first;
    const failing = Promise.allSettled([2, 3].map((index) => log.write({ entries: [entry(index, 1)] })));
    await turn();
    const waiting = Promise.allSettled([log.write({ entries: [entry(4, 1)] })]);
    await disk.answer(new LatticeError("disk-full", "no room"));
    const failed = { status: "rejected", reason: { code: "disk-full" } };
    expect(await failing).toMatchObject([failed, failed]);
    expect(await waiting).toMatchObject([failed]);
    await expect(log.write({ hardState: hardState(1, 1)! })).rejects.toMatchObject({ code: "disk-full" });
    await turn();
    expect(disk.writes.length).toBe(2);
    await log.close();
    expect(disk.isClosed).toBe(true);
  });

  it("is told as an error of this project, whatever it is", async () => {
    const { disk, log } = onHeldDisk();
    const results = Promise.allSettled([log.write({ entries: [entry(1, 1)] })]);
    await turn();
    await disk.answer(new Error("EIO"));
    expect(await results).toMatchObject([{ reason: { code: "internal", message: "EIO" } }]);
    await log.close();
  });
});

it("a log that is closed has written what was asked for before", async () => {
  const { disk, log } = onHeldDisk();
  const write = log.write({ entries: [entry(1, 1)] });
  const closed = log.close();
  await expect(log.write({ entries: [entry(2, 1)] })).rejects.toMatchObject({ code: "closed" });
  await turn();
  expect(disk.isClosed).toBe(false);
  await disk.answer();
  await Promise.all([write, closed]);
  expect(disk.isClosed).toBe(true);
});

describe("the files of a log", () => {
  function names(directory: string): string[] {
    return readdirSync(directory).toSorted();
  }

  it("are segments of their full length, the next one made ahead, and older ones removed", async () => {
    const directory = temporaryDirectory();
    const log = await openRaftLog({ directory, segmentBytes: 4096 });
    expect(names(directory)).toEqual([]);
    await log.write({ entries: entries(1, 100, 1, 10) });
    await log.write({ entries: entries(101, 200, 1, 10) });
    await log.write({ entries: entries(201, 300, 1, 10) });
    await log.write({ snapshot: snapshot(250, 1), compactTo: id(200, 1) });
    await log.close();
    expect(names(directory)).toEqual(["0000000002.raft", "0000000003.raft"]);
    for (const name of names(directory)) expect(statSync(join(directory, name)).size).toBe(4096);
    const again = await openRaftLog({ directory, segmentBytes: 4096 });
    expect(names(directory)).toEqual(["0000000002.raft"]);
    expect(again.persisted.base).toEqual(id(200, 1));
    expect(again.persisted.entries).toEqual(entries(201, 300, 1, 10));
    await again.close();
  });

  it("are as long as a write needs", async () => {
    const directory = temporaryDirectory();
    let log = await openRaftLog({ directory, segmentBytes: 512 });
    for (let index = 1; index <= 4; index++) await log.write({ entries: [entry(index, 1, index * 1000)] });
    await log.close();
    log = await openRaftLog({ directory });
    expect(log.persisted.entries.map(({ data }) => data.length)).toEqual([1000, 2000, 3000, 4000]);
    await log.write({ hardState: hardState(1, 1)! });
    await log.close();
    const newest = names(directory).at(-1)!;
    expect(statSync(join(directory, newest)).size).toBe(SEGMENT_BYTES_DEFAULT);
  });

  it("are whole sectors", async () => {
    const directory = temporaryDirectory();
    await expect(openRaftLog({ directory, segmentBytes: 1000 })).rejects.toMatchObject({
      code: "invalid-argument",
    });
    await expect(openRaftLog({ directory, segmentBytes: 0 })).rejects.toMatchObject({
      code: "invalid-argument",
    });
  });

  it("stand among others that are not looked at", async () => {
    const directory = temporaryDirectory();
    writeFileSync(join(directory, "notes.txt"), "mine");
    writeFileSync(join(directory, "1.raft"), "mine");
    const log = await openRaftLog({ directory, segmentBytes: 4096 });
    await log.write({ entries: [entry(1, 1)] });
    await log.close();
    expect(names(directory)).toEqual(["0000000001.raft", "1.raft", "notes.txt"]);
  });

  it("are made in a directory that is made", async () => {
    const directory = join(temporaryDirectory(), "deep", "down");
    await using log = await openRaftLog({ directory, segmentBytes: 4096 });
    await log.write({ entries: [entry(1, 1)] });
    expect(names(directory)).toContain("0000000001.raft");
  });

  it("that cannot be are told of", async () => {
    const file = join(temporaryDirectory(), "file");
    writeFileSync(file, "");
    await expect(openRaftLog({ directory: join(file, "below") })).rejects.toMatchObject({
      code: "failed-precondition",
      details: { file: join(file, "below") },
    });
  });
});

describe("a damaged file", () => {
  it("is refused with its name, the place and what to do, and left as it is", async () => {
    const directory = temporaryDirectory();
    const log = await openRaftLog({ directory, segmentBytes: 4096 });
    await log.write({ entries: [entry(1, 1)] });
    await log.write({ entries: [entry(2, 1)] });
    await log.close();
    const file = join(directory, "0000000001.raft");
    const fd = openSync(file, "r+");
    writeSync(fd, Uint8Array.of(0xff), 0, 1, 512 + 30);
    closeSync(fd);
    const before = readFileSync(file);
    await expect(openRaftLog({ directory })).rejects.toMatchObject({
      code: "corrupt",
      message: expect.stringMatching(
        /^.*0000000001\.raft is damaged \(segment 1, byte 512: the frame there has damaged content\); nothing was changed: take this member out/u,
      ),
      details: { file, segment: "1", offset: "512" },
    });
    expect(readFileSync(file)).toEqual(before);
  });

  it("that a newer program wrote is refused as such", async () => {
    const directory = temporaryDirectory();
    const log = await openRaftLog({ directory, segmentBytes: 4096 });
    await log.write({ hardState: hardState(1, 1)! });
    await log.close();
    const error = await newerFormat(directory);
    expect(error).toMatchObject({ code: "unsupported-schema" });
  });
});

/** Opens the log with another number in the place of its format, and all checksums right. */
async function newerFormat(directory: string): Promise<unknown> {
  const { encodeFrame, readFrame } = await import("../src/frame.ts");
  const file = join(directory, "0000000001.raft");
  const bytes = readFileSync(file);
  const frame = readFrame(bytes, { segment: 1, offset: 0, previous: 0 });
  if (!frame.isWhole) throw new Error("the frame should be whole");
  const payload = Buffer.from(frame.payload);
  payload[1] = 2;
  encodeFrame([payload], { segment: 1, offset: 0, previous: 0 }).bytes.copy(bytes);
  writeFileSync(file, bytes);
  return openRaftLog({ directory }).catch((error: unknown) => error);
}
