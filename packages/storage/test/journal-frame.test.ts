import { describe, expect, it } from "vitest";
import { decodeSections } from "../src/lmdb/journal-frame.ts";

describe("the payload of a frame", () => {
  // A table of one character; then rows, and a row's key and value.
  it.each([
    ["half a length", "00"],
    ["a name that is not there", "000161"],
    ["a name that breaks off", "ffff61"],
    ["rows that are not there", "00016100000001"],
    ["more rows than can be", "000161ffffffff"],
    ["a key that breaks off", "000161000000010005ffffffff6b"],
    ["a value that breaks off", "0001610000000100010000000a6b76"],
    ["a value of nearly 4 GiB", "000161000000010001fffffffe6b76"],
  ])("with %s is corrupt", (_, hex) => {
    const read = () => [...decodeSections(Buffer.from(hex, "hex"))];
    expect(read).toThrow(expect.objectContaining({ code: "corrupt" }));
  });
});
