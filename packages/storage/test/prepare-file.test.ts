import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { prepareFile } from "../src/lmdb/prepare-file.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

/** The first page of a database, which says that pages have this many bytes. */
function metaPage(pageBytes: number): Buffer {
  const meta = Buffer.alloc(4096);
  meta.writeUInt16LE(8, 18);
  meta.writeUInt32LE(0xbeefc0de, 24);
  meta.writeUInt32LE(2, 28);
  meta.writeUInt32LE(pageBytes, 48);
  return meta;
}

/** Wherever the second page is looked for, the same stands there. */
function write(pageBytes: number): string {
  const path = join(temporaryDirectory(), "pages.db");
  writeFileSync(path, Buffer.alloc(1 << 18, metaPage(pageBytes)));
  return path;
}

// LMDB ends the process where it refuses a file.
describe("a database file", () => {
  it.each([0, 1, 255, 4097, 1 << 17, 2 ** 32 - 1])("with pages of %i bytes is refused", (pageBytes) => {
    const path = write(pageBytes);
    expect(() => prepareFile(path)).toThrow(expect.objectContaining({ code: "corrupt" }));
  });

  it.each([4096, 16384, 65536])("with pages of %i bytes may be opened", (pageBytes) => {
    expect(prepareFile(write(pageBytes))).toBe(false);
  });
});
