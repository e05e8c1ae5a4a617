/**
 * What recovery makes of a log after a crash, and after damage: every cut, every flipped bit, every choice of sectors that
 * did not reach the disk.
 */
import { LatticeError } from "@lattice/model";
import { describe, expect, it } from "vitest";
import { recoverLog, SECTOR_BYTES } from "../src/index.ts";
import {
  entries,
  filesBefore,
  hardState,
  id,
  MemoryLog,
  picture,
  recovered,
  sampleLog,
  SEGMENT_BYTES,
  segmentsOf,
  snapshot,
  withBytes,
  type Files,
  type WrittenLog,
} from "./sample-log.ts";

const log = sampleLog();
const pictures = log.states.map(picture);
const last = log.frames.length;

/** The log when this frame was the newest, with some of its sectors missing, by the bits of `missing`. */
function torn(frame: number, missing: number): Files {
  const { segment, segmentBytes, offset, bytes } = log.frames[frame]!;
  const left = new Uint8Array(bytes);
  for (let sector = 0; sector * SECTOR_BYTES < left.length; sector++) {
    if ((missing & (1 << sector)) !== 0) left.fill(0, sector * SECTOR_BYTES, (sector + 1) * SECTOR_BYTES);
  }
  const before = new Map(filesBefore(log, frame));
  if (offset === 0) before.set(segment, new Uint8Array(segmentBytes));
  return withBytes(before, { segment, offset, bytes: left });
}

function sectorsOf(frame: number): number {
  return log.frames[frame]!.bytes.length / SECTOR_BYTES;
}

describe("the sample", () => {
  it("has several segments, frames of one sector and of many, and one segment that is longer", () => {
    expect(log.files.size).toBeGreaterThan(3);
    const sizes = log.frames.map((_, frame) => sectorsOf(frame));
    expect(Math.min(...sizes)).toBe(1);
    expect(Math.max(...sizes)).toBeGreaterThan(5);
    expect(new Set([...log.files.values()].map((file) => file.length)).size).toBe(2);
  });

  it("is recovered as it was written, after every frame", () => {
    for (let frame = 0; frame <= last; frame++)
      expect(recovered(filesBefore(log, frame))).toBe(pictures[frame]);
  });

  it("is recovered without the segments that are not needed any more", () => {
    const { files } = sampleLog({ removes: true });
    expect(files.size).toBeLessThan(log.files.size);
    expect(recovered(files)).toBe(pictures[last]);
    expect(recoverLog(segmentsOf(log.files)).removable).toEqual(
      [...log.files.keys()].filter((number) => !files.has(number)),
    );
  });
});

describe("a cut at every byte", () => {
  /** Frames before the one that the cut is in, and the files with zeros, or nothing, from there on. */
  function* cuts(written: WrittenLog): Generator<{ whole: number; zeroed: Files; short: Files }> {
    for (const [frame, { segment, segmentBytes, offset, bytes }] of written.frames.entries()) {
      if (!written.files.has(segment)) continue;
      const before = filesBefore(written, frame);
      for (let kept = 0; kept < bytes.length; kept++) {
        const file = new Uint8Array(segmentBytes);
        if (offset > 0) file.set(before.get(segment)!);
        file.set(bytes.subarray(0, kept), offset);
        yield {
          whole: frame,
          zeroed: new Map(before).set(segment, file),
          short: new Map(before).set(segment, file.subarray(0, offset + kept)),
        };
      }
    }
  }

  it("leaves the writes before it, where zeros follow", () => {
    for (const { whole, zeroed } of cuts(log)) expect(recovered(zeroed)).toBe(pictures[whole]);
  });

  it("leaves the writes before it or is refused, where the file ends there", () => {
    for (const { whole, short } of cuts(log))
      expect([pictures[whole], "corrupt"]).toContain(recovered(short));
  });

  it("leaves the writes before it or is refused, where older segments are gone", () => {
    const removed = sampleLog({ removes: true });
    for (const { whole, zeroed } of cuts(removed))
      expect([pictures[whole], "corrupt"]).toContain(recovered(zeroed));
  });
});

describe("a flipped bit anywhere", () => {
  /** Both the recoveries that were the same and those that were refused. */
  function flipAll(files: Files, segments = [...files.keys()]): { same: number; refused: number } {
    const expected = recovered(files);
    const counts = { same: 0, refused: 0 };
    for (const number of segments) {
      const bytes = files.get(number)!;
      const changed = new Uint8Array(bytes);
      const flipped = new Map(files).set(number, changed);
      for (let bit = 0; bit < bytes.length * 8; bit++) {
        changed[bit >> 3]! ^= 1 << (bit & 7);
        const found = recovered(flipped);
        if (found === expected) counts.same++;
        else if (found === "corrupt" || found === "unsupported-schema") counts.refused++;
        else expect.fail(`bit ${bit} of segment ${number} changes what is recovered`);
        changed[bit >> 3]! ^= 1 << (bit & 7);
      }
    }
    return counts;
  }

  it("changes nothing of what is recovered, or is refused", () => {
    expect(recovered(log.files)).toBe(pictures[last]);
    const { same, refused } = flipAll(log.files);
    expect(same).toBeGreaterThan(0);
    expect(refused).toBeGreaterThan(0);
  });

  it("changes nothing of what is recovered, or is refused, where the newest write is torn as well", () => {
    const frame = log.frames.findLastIndex(({ offset, bytes }) => offset > 0 && bytes.length > SECTOR_BYTES);
    const files = torn(frame, 0b10);
    expect(recovered(files)).toBe(pictures[frame]);
    const { same, refused } = flipAll(files, [log.frames[frame]!.segment]);
    expect(same).toBeGreaterThan(0);
    expect(refused).toBeGreaterThan(0);
  });

  it("is refused wherever it is in a frame", () => {
    for (const { segment, offset, bytes } of log.frames) {
      for (let at = offset; at < offset + bytes.length; at += 7) {
        const byte = log.files.get(segment)![at]! ^ (1 << (at & 7));
        expect(recovered(withBytes(log.files, { segment, offset: at, bytes: Uint8Array.of(byte) }))).toBe(
          "corrupt",
        );
      }
    }
  });
});

describe("sectors of the newest write that did not reach the disk, in every choice", () => {
  it("take that write, and nothing else", () => {
    for (let frame = 0; frame < last; frame++) {
      for (let missing = 1; missing < 1 << sectorsOf(frame); missing++) {
        expect(recovered(torn(frame, missing)), `${missing.toString(2)} of ${frame}`).toBe(pictures[frame]);
      }
    }
  });

  it("leave a log that goes on, and can be torn again", () => {
    for (let frame = 0; frame < last; frame++) {
      for (let missing = 1; missing < 1 << sectorsOf(frame); missing++) {
        const next = new MemoryLog(torn(frame, missing));
        next.write({ hardState: hardState(50, 2) });
        next.write({ hardState: hardState(51, 2) });
        expect(recovered(next.written.files)).toBe(picture(next.states.at(-1)!));
        const { segment, offset, bytes } = next.frames.at(-1)!;
        const again = withBytes(next.written.files, { segment, offset, bytes: new Uint8Array(bytes.length) });
        expect(recovered(again)).toBe(picture(next.states.at(-2)!));
      }
    }
  });

  it("are told", () => {
    const { segment, offset } = log.frames[last - 1]!;
    expect(recoverLog(segmentsOf(torn(last - 1, 1))).torn).toEqual({ segment, offset });
    expect(recoverLog(segmentsOf(log.files)).torn).toBeUndefined();
  });
});

describe("damage", () => {
  it("is a hole in front of a later write, of any sectors", () => {
    for (let frame = 0; frame < last - 1; frame++) {
      for (let missing = 1; missing < 1 << sectorsOf(frame); missing++) {
        const { segment, offset } = log.frames[frame]!;
        const bytes = torn(frame, missing)
          .get(segment)!
          .subarray(offset, offset + log.frames[frame]!.bytes.length);
        expect(recovered(withBytes(log.files, { segment, offset, bytes }))).toBe("corrupt");
      }
    }
  });

  it("is a segment that is missing, unless nothing of it is needed", () => {
    const { removable } = recoverLog(segmentsOf(log.files));
    for (const number of log.files.keys()) {
      const files = new Map(log.files);
      files.delete(number);
      // Without the newest, the log is as it was before that was begun.
      if (number === Math.max(...log.files.keys())) expect(pictures).toContain(recovered(files));
      else expect(recovered(files)).toBe(removable.includes(number) ? pictures[last] : "corrupt");
    }
  });

  it("is a segment under the name of another", () => {
    const numbers = [...log.files.keys()];
    for (const from of numbers) {
      for (const to of numbers.filter((number) => number !== from)) {
        const found = recovered(new Map(log.files).set(to, log.files.get(from)!));
        expect([pictures[last], "corrupt"]).toContain(found);
      }
    }
  });

  it("is what stands behind the end of a torn write", () => {
    const frame = log.frames.findIndex(({ offset, bytes }) => offset === 0 && bytes.length === SECTOR_BYTES);
    const files = torn(frame, 1);
    const { segment } = log.frames[frame]!;
    const stray = { segment, offset: SECTOR_BYTES, bytes: log.frames[frame]!.bytes };
    expect(recovered(withBytes(files, stray))).toBe("corrupt");
  });

  it("is a sector of a frame behind the end of a torn write", () => {
    const writer = new MemoryLog();
    writer.write({ entries: entries(1, 4, 1, 300) });
    const { files, frames } = writer.written;
    const { segment, bytes } = frames[0]!;
    const sector = (number: number): Uint8Array =>
      bytes.subarray(number * SECTOR_BYTES, (number + 1) * SECTOR_BYTES);
    const put = (before: Files, number: number, what: Uint8Array): Files =>
      withBytes(before, { segment, offset: number * SECTOR_BYTES, bytes: what });
    const count = bytes.length / SECTOR_BYTES;
    const nothing = new Uint8Array(SECTOR_BYTES);
    for (const missing of [put(files, 0, nothing), put(files, 1, nothing)]) {
      expect(recovered(missing)).toBe(pictures[0]);
      for (const stray of [sector(1), sector(count - 1), Uint8Array.of(1)]) {
        expect(recovered(put(missing, count, stray))).toBe("corrupt");
      }
    }
  });

  it("is a log under another number", () => {
    const writer = new MemoryLog();
    writer.write({ hardState: hardState(1, 1) });
    expect(recovered(new Map([[7, writer.written.files.get(1)!]]))).toBe("corrupt");
  });

  it("is a segment that is not as long as it was made, whatever is in it", () => {
    const writer = new MemoryLog();
    writer.write({ hardState: hardState(1, 1) });
    for (const bytes of [SECTOR_BYTES, SEGMENT_BYTES - 1, SEGMENT_BYTES + 1, SEGMENT_BYTES + SECTOR_BYTES]) {
      const file = new Uint8Array(Buffer.concat([writer.written.files.get(1)!], bytes));
      expect(() => recoverLog([{ number: 1, bytes: file }])).toThrow(
        `it has ${bytes} bytes of ${SEGMENT_BYTES}`,
      );
    }
  });

  it("is the end of a segment that is lost, also where the next begins with the same state", () => {
    const writer = new MemoryLog();
    writer.write({ entries: entries(1, 6, 1) });
    writer.write({ entries: entries(6, 6, 2) });
    writer.write({ entries: entries(7, 7, 2, 2_500) });
    const { files, frames } = writer.written;
    expect(frames.map(({ segment }) => segment)).toEqual([1, 1, 2]);
    const { segment, offset, bytes } = frames[1]!;
    expect(recovered(withBytes(files, { segment, offset, bytes: new Uint8Array(bytes.length) }))).toBe(
      "corrupt",
    );
  });

  it("is a segment with entries that are needed, the oldest or any other but the newest", () => {
    const writer = new MemoryLog();
    for (let index = 1; index <= 8; index++) writer.write({ entries: entries(index, index, 1, 1_200) });
    const { files } = writer.written;
    expect(files.size).toBe(4);
    for (const number of [1, 2, 3]) {
      const left = new Map(files);
      left.delete(number);
      expect(() => recoverLog(segmentsOf(left))).toThrow(/entry 1 is missing/u);
    }
  });

  it("is told with its place", () => {
    const { segment, offset } = log.frames[4]!;
    const files = withBytes(log.files, { segment, offset: offset + 40, bytes: Uint8Array.of(0xff) });
    expect(() => recoverLog(segmentsOf(files))).toThrow(
      expect.objectContaining({
        code: "corrupt",
        message: `segment ${segment}, byte ${offset}: the frame there has damaged content`,
        details: { segment: `${segment}`, offset: `${offset}` },
      }),
    );
  });
});

describe("segments", () => {
  it("that were made and not written to are nothing", () => {
    const next = Math.max(...log.files.keys()) + 1;
    for (const bytes of [0, 100, SECTOR_BYTES, SEGMENT_BYTES]) {
      const files = new Map(log.files).set(next, new Uint8Array(bytes));
      expect(recovered(files)).toBe(pictures[last]);
      expect(recoverLog(segmentsOf(files)).removable).toContain(next);
    }
    expect(recovered(new Map([[1, new Uint8Array(700)]]))).toBe(pictures[0]);
  });

  it("are removed when nothing of them is needed, the oldest first", () => {
    const writer = new MemoryLog(new Map(), { removes: true });
    for (let index = 1; index < 400; index += 5) writer.write({ entries: entries(index, index + 4, 1, 50) });
    const before = writer.written.files.size;
    writer.write({ snapshot: snapshot(390, 1) });
    writer.write({ compactTo: id(380, 1) });
    expect(writer.written.files.size).toBeLessThan(before / 5);
    expect(recovered(writer.written.files)).toBe(picture(writer.states.at(-1)!));
  });

  it("are removed when what they hold was replaced", () => {
    const writer = new MemoryLog();
    for (let index = 1; index <= 8; index++) writer.write({ entries: entries(index, index, 1, 1_200) });
    writer.write({ entries: entries(2, 3, 2, 600) });
    writer.write({ snapshot: snapshot(1, 1), compactTo: id(1, 1) });
    const newest = Math.max(...writer.written.files.keys());
    const removable = Array.from({ length: newest - 1 }, (_, at) => at + 1);
    expect(writer.frames.flatMap((frame) => frame.removable)).toEqual(removable);
    expect(recoverLog(segmentsOf(writer.written.files)).removable).toEqual(removable);
  });
});

describe("a write that does not go with the log", () => {
  it.each([
    ["a gap in front of its entries", { entries: entries(3, 4, 1) }],
    ["a gap within its entries", { entries: [...entries(1, 1, 1), ...entries(3, 3, 1)] }],
    ["a log without a snapshot", { compactTo: id(1, 1) }],
  ])("is refused for %s, and leaves nothing", (_, write) => {
    const writer = new MemoryLog();
    writer.write({ entries: entries(1, 1, 1) });
    const check = (): void => writer.write(write);
    expect(check).toThrow(expect.objectContaining({ code: "invalid-argument" }));
    expect(check).toThrow(LatticeError);
    writer.write({ entries: entries(2, 2, 1) });
    expect(recovered(writer.written.files)).toBe(picture(writer.states.at(-1)!));
  });
});
