import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { bytesKey, toHex, utf8 } from "../../packages/model/src/index.ts";
import { openLmdbStorage } from "../../packages/storage/src/index.ts";
import {
  decodeHeader,
  decodeSections,
  encodeFrame,
  isWhole,
  type JournalSection,
} from "../../packages/storage/src/lmdb/journal-frame.ts";
import { Journal } from "../../packages/storage/src/lmdb/journal.ts";
import { prepareFile } from "../../packages/storage/src/lmdb/prepare-file.ts";
import { fuzzRuns, mutateBytes } from "../../packages/testkit/src/mutate-bytes.ts";
import { outcomeOf } from "./outcome.ts";

const directory = mkdtempSync(join(tmpdir(), "lattice-fuzz-"));
afterAll(() => rmSync(directory, { recursive: true }));

const salt = utf8("salt and");
const HEADER_BYTES = 24;
const sections: JournalSection[] = [
  {
    table: "tips",
    rows: [
      { key: bytesKey(utf8("one")), value: utf8("value of one") },
      { key: bytesKey(Uint8Array.of(0, 255)), value: undefined },
    ],
  },
  { table: "witness", rows: [{ key: "two", value: new Uint8Array(300).fill(2) }] },
];
const frames = [sections, sections.slice(1), []].map((each) =>
  encodeFrame(each, { salt: crc32(salt), generation: 1, chain: 0 }),
);
const payloads = frames.map(({ bytes }) => {
  const file = Buffer.from(bytes);
  const { start, payloadEnd } = decodeHeader(file, 0)!;
  return new Uint8Array(file.subarray(start, payloadEnd));
});

/** A frame with a checksum that fits, whatever it holds. */
function frameOf(payload: Uint8Array): Uint8Array {
  const file = Buffer.concat([frames[0]!.bytes.subarray(0, HEADER_BYTES), payload]);
  file.writeUInt32BE(payload.length, 4);
  file.writeUInt32BE(crc32(file.subarray(HEADER_BYTES), crc32(file.subarray(4, 20), crc32(salt))), 20);
  return file;
}

describe("a journal", () => {
  it("whose frame holds anything gives sections that were written, or is corrupt", () => {
    fc.assert(
      fc.property(mutateBytes(payloads), (payload) => {
        const read = outcomeOf(["corrupt"], () => [...decodeSections(Buffer.from(payload))]);
        if (read === undefined) return;
        const { bytes } = encodeFrame(read, { salt: 0, generation: 0, chain: 0 });
        const again = Buffer.from(bytes).subarray(HEADER_BYTES, HEADER_BYTES + payload.length);
        const isCanonical = read.every(({ table }) => !table.includes("\ufffd"));
        if (isCanonical) expect(toHex(again)).toBe(toHex(payload));
      }),
      fuzzRuns(5000),
    );
  });

  it("of any bytes is replayed as far as it is whole, or is corrupt", () => {
    const path = join(directory, "journal");
    const whole = fc.oneof(
      mutateBytes(frames.map(({ bytes }) => new Uint8Array(bytes))),
      mutateBytes(payloads).map(frameOf),
    );
    fc.assert(
      fc.property(whole, (bytes) => {
        const file = Buffer.from(bytes);
        const header = outcomeOf([], () => decodeHeader(file, 0));
        if (header !== undefined) outcomeOf([], () => isWhole(file, header, 0));
        writeFileSync(path, bytes);
        const replay = () => undefined;
        const opened = outcomeOf(["corrupt"], () =>
          Journal.open({ path, salt, mergedGeneration: 0, replay }),
        );
        opened?.close();
      }),
      fuzzRuns(1500),
    );
  });
});

describe("the beginning of a database file", () => {
  it("of any bytes is refused with its reason, or is whole enough to be opened", async () => {
    const path = join(directory, "state.db");
    const storage = openLmdbStorage({ path, tables: ["a"], durability: "lazy" });
    storage.transaction((table) => table("a").put(utf8("key"), utf8("value")));
    await storage.flush();
    await storage.close();
    const whole = readFileSync(path);
    const metas = 2 * 4096;
    const beginnings = mutateBytes([new Uint8Array(whole.subarray(0, metas))], { bytesMax: 3 * 4096 });
    fc.assert(
      fc.property(beginnings, fc.boolean(), (beginning, isCut) => {
        const rest = isCut ? [] : [whole.subarray(metas)];
        writeFileSync(path, Buffer.concat([beginning, ...rest]));
        outcomeOf(["corrupt", "failed-precondition"], () => prepareFile(path));
      }),
      fuzzRuns(500),
    );
  });
});
