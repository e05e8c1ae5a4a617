import { concatBytes, fromHex, isHash, LatticeError, makeId } from "@lattice/model";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  FRAME_BYTES_MIN,
  Initiator,
  MESSAGE_BYTES_MAX,
  RANGES_MAX,
  respond,
  SortedItems,
} from "../src/negentropy/index.ts";
import { readRanges } from "../src/negentropy/message-reader.ts";
import { exchange, hashOf, ScannedItems } from "./negentropy-exchange.ts";

const options = { frameBytesMax: FRAME_BYTES_MIN };
const ids = Array.from({ length: 700 }, (_, index) => makeId(BigInt(index >> 2), hashOf(index)));
const source = new SortedItems(ids);
const otherSource = new SortedItems(
  ids.filter((_, index) => index % 9 !== 4).concat(makeId(9n, hashOf(9999))),
);
const validMessages = [
  ...exchange(source, otherSource).messages,
  ...exchange(source, otherSource, options).messages,
  ...exchange(new SortedItems([]), source, options).messages,
];

/** Gives both sides a message: each answers within its limits, or says `invalid-argument`. */
function expectTotal(message: Uint8Array): void {
  const answer = outcome(() => respond(source, message, options));
  if (answer !== undefined) expectReadable(answer);
  const received = outcome(() => new Initiator(source, { ...options, haveCountMax: 100 }).receive(message));
  if (received === undefined) return;
  if (received.reply !== undefined) expectReadable(received.reply);
  expect(received.have.length).toBeLessThanOrEqual(100);
  expect(received.need.length).toBeLessThanOrEqual(message.length / 32);
  expect(received.need.every(isHash)).toBe(true);
}

function outcome<T>(body: () => T): T | undefined {
  try {
    return body();
  } catch (error) {
    expect(error).toBeInstanceOf(LatticeError);
    expect((error as LatticeError).code).toBe("invalid-argument");
    return undefined;
  }
}

function expectReadable(message: Uint8Array): void {
  expect(message.length).toBeLessThanOrEqual(FRAME_BYTES_MIN);
  expect(message[0]).toBe(0x61);
  expect(() => [...readRanges(message)]).not.toThrow();
}

function reasonOf(hex: string): string | undefined {
  let reason: string | undefined;
  try {
    respond(source, fromHex(hex)!, options);
  } catch (error) {
    reason = (error as LatticeError).details["reason"];
  }
  return reason;
}

describe("a hostile message", () => {
  it("of any bytes is answered or refused", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (bytes, isVersion1) =>
        expectTotal(isVersion1 ? concatBytes(Uint8Array.of(0x61), bytes) : bytes),
      ),
      { numRuns: 3000 },
    );
  });

  it("of ranges with any bounds is answered or refused", () => {
    const bound = fc.oneof(
      fc.constant("0000"),
      fc
        .tuple(fc.integer({ min: 1, max: 0x7f }), fc.nat(3))
        .map(([time, length]) => byteHex(time) + byteHex(length) + "7f".repeat(length)),
    );
    const payload = fc.oneof(
      fc.constant("00"),
      fc.constant(`01${"5a".repeat(16)}`),
      fc.nat(3).map((count) => `02${byteHex(count)}${"a5".repeat(32 * count)}`),
    );
    const ranges = fc.array(
      fc.tuple(bound, payload).map((parts) => parts.join("")),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(ranges, (hexes) => expectTotal(fromHex(`61${hexes.join("")}`)!)),
      { numRuns: 2000 },
    );
  });

  it("that was a valid one before some bytes were changed, cut or put in is answered or refused", () => {
    const mutation = fc.record({
      message: fc.constantFrom(...validMessages),
      at: fc.nat(),
      cut: fc.oneof(fc.constant(0), fc.nat(40), fc.nat(5000)),
      put: fc.uint8Array({ maxLength: 12 }),
    });
    fc.assert(
      fc.property(fc.array(mutation, { minLength: 1, maxLength: 4 }), ([first, ...more]) => {
        let message = first!.message;
        for (const { at, cut, put } of [first!, ...more]) {
          const start = at % (message.length + 1);
          message = concatBytes(message.subarray(0, start), put, message.subarray(start + cut));
        }
        expectTotal(message);
      }),
      { numRuns: 3000 },
    );
  });

  it.each([
    ["", "empty"],
    ["5f", "version"],
    ["70", "version"],
    ["6105", "truncated"],
    ["610500", "truncated"],
    ["6105000155", "truncated"],
    ["61058000", "varint"],
    [`61${"ff".repeat(9)}7f0000`, "varint"],
    [`61${"ff".repeat(12)}`, "varint"],
    ["61050003", "mode"],
    // 2^64, one more than a number may be; and 2^64 - 2, then 1 more, which is infinity's.
    ["61828080808080808080000000", "varint"],
    ["6181ffffffffffffffff7f0000020000", "timestamp"],
    ["610521" + "11".repeat(33) + "00", "prefix-length"],
    ["61000155" + "00", "infinity-prefix"],
    ["6105020101000102000000", "bounds-order"],
    ["6100000005000000", "after-infinity"],
    ["610000028100" + "00".repeat(32), "list-count"],
    ["61000002ffffffff7f", "list-count"],
    ["61000002" + "ff".repeat(8) + "7f", "list-count"],
  ])("%s is refused: %s", (hex, reason) => {
    expect(reasonOf(hex)).toBe(reason);
  });

  it("over 4 MiB is refused unread", () => {
    const message = new Uint8Array(MESSAGE_BYTES_MAX + 1).fill(0x61);
    expect(() => respond(source, message, options)).toThrow(
      expect.objectContaining({ code: "invalid-argument" }),
    );
  });

  it("of very many ranges costs a bounded number of reads, and the rest is answered by a fingerprint", () => {
    // An empty range each, at the same bound, with the fingerprint of nothing.
    const nothing = fromHex(ofNothing())!;
    const first = concatBytes(fromHex("61020001")!, nothing);
    const one = concatBytes(fromHex("010001")!, nothing);
    const message = concatBytes(first, ...Array.from({ length: RANGES_MAX + 1000 }, () => one));
    const scanned = new ScannedItems(ids);
    const answer = [...readRanges(respond(scanned, message, options))];
    expect(answer.at(-1)).toMatchObject({ mode: "fingerprint", to: undefined });
    expect(scanned.readCount).toBeLessThanOrEqual(4 * ids.length + 2 * 16);
  });

  it("makes a scanning source read each id at most four times, and two for each bucket", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 1, max: 180 }), { maxLength: 60, size: "max" }),
        (times) => {
          const message = fingerprintsUpTo(times.sort((a, b) => a - b));
          const scanned = new ScannedItems(ids);
          const answer = [...readRanges(respond(scanned, message, { frameBytesMax: MESSAGE_BYTES_MAX }))];
          expect(scanned.readCount).toBeLessThanOrEqual(4 * ids.length + 2 * answer.length);
        },
      ),
    );
  });
});

describe("a message of another version", () => {
  it.each(["60", "62aabbccddeeff", "6f"])("%s is answered by the byte of ours", (hex) => {
    expect(respond(source, fromHex(hex)!, options)).toEqual(Uint8Array.of(0x61));
  });

  it("is refused by the initiator", () => {
    const initiator = new Initiator(source, options);
    expect(() => initiator.receive(Uint8Array.of(0x60))).toThrow(
      expect.objectContaining({ code: "invalid-argument" }),
    );
  });
});

describe("what an initiator was told it needs", () => {
  it("does not hold on to the message", () => {
    const theirs = new SortedItems([makeId(5n, hashOf(1)), makeId(6n, hashOf(2))]);
    const initiator = new Initiator(new SortedItems([]), options);
    const message = Buffer.from(respond(theirs, initiator.start(), options));
    const { need } = initiator.receive(message);
    message.fill(0);
    expect(need).toEqual([hashOf(1), hashOf(2)]);
    expect(need[0]!.buffer.byteLength).toBe(32);
  });
});

function byteHex(byte: number): string {
  return byte.toString(16).padStart(2, "0");
}

function ofNothing(): string {
  // SHA-256 of 33 zero bytes, as computed by coreutils.
  return "7f9c9e31ac8256ca2f258583df262dbc";
}

/** Wrong fingerprints of the ranges that end at these times. */
function fingerprintsUpTo(times: readonly number[]): Uint8Array {
  let last = 0;
  const parts = times.map((time) => {
    const difference = 1 + time - last;
    last = time;
    const varint = difference < 0x80 ? byteHex(difference) : `81${byteHex(difference & 0x7f)}`;
    return fromHex(`${varint}0001${"5a".repeat(16)}`)!;
  });
  return concatBytes(Uint8Array.of(0x61), ...parts, fromHex(`000001${"5a".repeat(16)}`)!);
}
