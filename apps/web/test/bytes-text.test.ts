import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  BYTES_FORMS,
  bytesLine,
  naturalForm,
  printableText,
  readBytes,
  writeBytes,
} from "../src/text/bytes-text.ts";
import { fromHex, shortHex, toHex } from "../src/text/hex.ts";

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("bytes as text", () => {
  it("reads back what it writes, in every form that can write it", () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.constantFrom(...BYTES_FORMS), (bytes, form) => {
        const text = writeBytes(bytes, form);
        if (text !== undefined) expect(readBytes(text, form)).toEqual(bytes);
        else expect(form).toBe("text");
      }),
    );
  });

  it("reads back any text that is printable", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        const shown = printableText(utf8(text));
        if (shown !== undefined) expect(shown).toBe(text);
      }),
    );
    expect(printableText(utf8("grün\n\tüber 🌱"))).toBe("grün\n\tüber 🌱");
  });

  it("shows as text only what shows as what it is", () => {
    expect(printableText(Uint8Array.of(0xff, 0x00))).toBeUndefined();
    expect(printableText(utf8("a\u202eb"))).toBeUndefined();
    expect(printableText(utf8("a\u0000b"))).toBeUndefined();
    expect(naturalForm(Uint8Array.of(0xff))).toBe("hex");
    expect(naturalForm(utf8("plain"))).toBe("text");
  });

  it("takes hex and base64 as people write them", () => {
    expect(readBytes("0xDE ad\nbe ef", "hex")).toEqual(Uint8Array.of(0xde, 0xad, 0xbe, 0xef));
    expect(readBytes("abc", "hex")).toBeUndefined();
    expect(readBytes("xy", "hex")).toBeUndefined();
    expect(readBytes("_-8", "base64")).toEqual(Uint8Array.of(0xff, 0xef));
    expect(readBytes("!", "base64")).toBeUndefined();
  });

  it("shows long bytes cut, also through a character", () => {
    expect(bytesLine(utf8("one\ntwo"))).toBe("one ⏎ two");
    expect(bytesLine(Uint8Array.of(0xff, 1))).toBe("0xff01");
    expect(bytesLine(utf8("ä".repeat(10)), 5)).toBe("ää…");
  });
});

describe("hex", () => {
  it("is the inverse of itself", () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(fromHex(toHex(bytes))).toEqual(bytes);
      }),
    );
  });

  it("shortens an intention's id to the beginning of its hash", () => {
    const id = Uint8Array.from({ length: 40 }, (_, at) => at);
    expect(shortHex(id)).toBe("08090a0b");
    expect(shortHex(id.subarray(0, 32))).toBe("00010203");
  });
});
