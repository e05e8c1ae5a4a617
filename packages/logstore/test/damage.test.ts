import { describe, expect, it } from "vitest";
import { decodeEntry, FORKED_KEY_BYTES, ORDER_KEY_BYTES } from "../src/entries.ts";

describe("an entry's row", () => {
  const stored = new Uint8Array(33).fill(7);

  it.each([ORDER_KEY_BYTES, FORKED_KEY_BYTES])("under a key of %i bytes is one", (length) => {
    expect(decodeEntry(new Uint8Array(length), stored)).toMatchObject({ content: Uint8Array.of(7) });
  });

  it.each([
    [ORDER_KEY_BYTES, 31],
    [ORDER_KEY_BYTES, 0],
    [ORDER_KEY_BYTES + 1, 33],
    [7, 33],
  ])("under a key of %i bytes, of %i bytes, is corrupt", (keyBytes, length) => {
    const read = () => decodeEntry(new Uint8Array(keyBytes), new Uint8Array(length));
    expect(read).toThrow(expect.objectContaining({ code: "corrupt" }));
  });
});
