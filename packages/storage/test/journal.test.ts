import { copyFileSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bytesKey, utf8 } from "@lattice/model";
import {
  decodeHeader,
  decodeSections,
  encodeFrame,
  isWhole,
  type JournalSection,
} from "../src/lmdb/journal-frame.ts";
import { Journal } from "../src/lmdb/journal.ts";
import { JOURNAL_STEP_BYTES } from "../src/limits.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

const SALT = utf8("salt and");

function section(text: string, value = utf8(`value of ${text}`)): JournalSection[] {
  const rows = [
    { key: bytesKey(utf8(text)), value },
    { key: "gone", value: undefined },
  ];
  return [{ table: "tips", rows }];
}

interface Opened {
  readonly journal: Journal;
  /** The first key of each section that was replayed. */
  readonly keys: string[];
}

function open(path: string, mergedGeneration = 0, salt = SALT): Opened {
  const keys: string[] = [];
  const replay = ({ rows }: JournalSection): void => void keys.push(rows[0]!.key);
  return { journal: Journal.open({ path, salt, mergedGeneration, replay }), keys };
}

function replayed(path: string, mergedGeneration = 0): string[] {
  const { journal, keys } = open(path, mergedGeneration);
  journal.close();
  return keys;
}

/** A journal of these flushes, and where each frame ends but for its zeros. */
async function written(path: string, texts: readonly string[]): Promise<number[]> {
  const { journal } = open(path);
  const ends: number[] = [];
  for (const text of texts) {
    const start = journal.bytes;
    await journal.append(section(text));
    ends.push(decodeHeader(readFileSync(path), start)!.payloadEnd);
  }
  journal.close();
  return ends;
}

describe("a frame", () => {
  const row = fc.record({
    key: fc.uint8Array({ minLength: 1, maxLength: 5_000 }).map(bytesKey),
    value: fc.option(fc.uint8Array({ maxLength: 300 }), { nil: undefined }),
  });
  const sections = fc.array(fc.record({ table: fc.string(), rows: fc.array(row) }));

  it("decodes to what was encoded", () => {
    fc.assert(
      fc.property(sections, fc.nat(), fc.nat(), (given, generation, chain) => {
        const { bytes, checksum } = encodeFrame(given, { salt: 7, generation, chain });
        const file = Buffer.from(bytes);
        const header = decodeHeader(file, 0)!;
        expect(header).toMatchObject({ generation, chain, checksum, end: file.length });
        expect(isWhole(file, header, 7)).toBe(true);
        expect(isWhole(file, header, 8)).toBe(false);
        expect([...decodeSections(file.subarray(header.start, header.payloadEnd))]).toEqual(given);
      }),
    );
  });
});

describe("a journal", () => {
  it("replays what was appended, in order, and goes on from there", async () => {
    const path = join(temporaryDirectory(), "log.journal");
    await written(path, ["one", "two"]);
    const { journal, keys } = open(path);
    expect(keys).toEqual(["one", "two"]);
    await journal.append(section("three"));
    journal.close();
    expect(replayed(path)).toEqual(["one", "two", "three"]);
  });

  it("is filled with zeros in steps, and not filled again after a restart", async () => {
    const path = join(temporaryDirectory(), "log.journal");
    const { journal } = open(path);
    const many = section("one", new Uint8Array(JOURNAL_STEP_BYTES / 4));
    for (let at = 0; at < 4; at++) await journal.append(many);
    expect(statSync(path).size).toBe(2 * JOURNAL_STEP_BYTES);
    journal.restart();
    for (let at = 0; at < 4; at++) await journal.append(many);
    expect(statSync(path).size).toBe(2 * JOURNAL_STEP_BYTES);
    journal.close();
  });

  it("replays nothing of a generation that is merged, nor of the one before behind its own", async () => {
    const path = join(temporaryDirectory(), "log.journal");
    const { journal } = open(path);
    for (const text of ["one", "two", "three"]) await journal.append(section(text));
    journal.restart();
    await journal.append(section("four"));
    journal.close();
    expect(replayed(path, 1)).toEqual(["four"]);
    expect(replayed(path, 2)).toEqual([]);
  });

  it("replays nothing of another file's journal", async () => {
    const path = join(temporaryDirectory(), "log.journal");
    await written(path, ["one"]);
    const { journal, keys } = open(path, 0, utf8("other"));
    journal.close();
    expect(keys).toEqual([]);
  });

  it("is refused when it is newer than its database", async () => {
    const path = join(temporaryDirectory(), "log.journal");
    const { journal } = open(path, 7);
    await journal.append(section("one"));
    journal.close();
    expect(() => replayed(path, 6)).toThrow(expect.objectContaining({ code: "corrupt" }));
  });

  it("ends, wherever it was cut off, with the last frame that is whole", async () => {
    const directory = temporaryDirectory();
    const whole = join(directory, "whole");
    const cut = join(directory, "cut");
    const texts = ["one", "two", "three"];
    const ends = await written(whole, texts);
    copyFileSync(whole, cut);
    for (let length = ends.at(-1)! + 1; length >= 0; length--) {
      truncateSync(cut, length);
      expect(replayed(cut), `cut to ${length}`).toEqual(
        texts.slice(0, ends.filter((end) => end <= length).length),
      );
    }
  });

  it("ends before its last frame, whichever bit of that is wrong", async () => {
    const directory = temporaryDirectory();
    const path = join(directory, "log.journal");
    const ends = await written(path, ["one", "two", "three"]);
    const good = readFileSync(path).subarray(0, 3 * 4096);
    const start = 2 * 4096;
    for (let bit = start * 8; bit < ends[2]! * 8; bit++) {
      writeFileSync(path, flipped(good, bit));
      expect(replayed(path), `bit ${bit}`).toEqual(["one", "two"]);
    }
  });

  it("is refused when a frame is damaged that others follow, whichever bit is wrong", async () => {
    const directory = temporaryDirectory();
    const path = join(directory, "log.journal");
    const ends = await written(path, ["one", "two", "three"]);
    const good = readFileSync(path).subarray(0, 3 * 4096);
    for (let bit = 0; bit < ends[0]! * 8; bit++) {
      writeFileSync(path, flipped(good, bit));
      expect(() => replayed(path), `bit ${bit}`).toThrow(expect.objectContaining({ code: "corrupt" }));
    }
  });

  it("overwrites what a crash has torn, and does not take its rest for a frame", async () => {
    const path = join(temporaryDirectory(), "log.journal");
    const torn = open(path);
    await torn.journal.append(section("one"));
    await torn.journal.append(section("torn", new Uint8Array(20_000)));
    torn.journal.close();
    writeFileSync(path, flipped(readFileSync(path), (4096 + 100) * 8));
    const { journal, keys } = open(path);
    expect(keys).toEqual(["one"]);
    await journal.append(section("two"));
    journal.close();
    expect(replayed(path)).toEqual(["one", "two"]);
  });
});

function flipped(bytes: Uint8Array, bit: number): Buffer {
  const out = Buffer.from(bytes);
  out[bit >> 3]! ^= 1 << (bit & 7);
  return out;
}
