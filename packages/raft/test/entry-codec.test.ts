/** Entries as MessagePack: the bytes that its specification asks for, and none but those. */
import { LatticeError } from "@lattice/model";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  decodeEntry,
  decodeHardState,
  decodeMembership,
  decodeSnapshotMeta,
  encodeEntry,
  encodeHardState,
  encodeMembership,
  encodeSnapshotMeta,
  EntryKind,
  logIndex,
  memberId,
  PackReader,
  PackWriter,
  term,
  type Entry,
  type HardState,
  type Membership,
  type SnapshotMeta,
} from "../src/index.ts";

function written(write: (to: PackWriter) => void): string {
  const to = new PackWriter();
  write(to);
  return Buffer.from(to.written).toString("hex");
}

function reader(hex: string): PackReader {
  return new PackReader(Buffer.from(hex, "hex"));
}

const corrupt = expect.objectContaining({ code: "corrupt" });

/** For lengths that would be good if they were shorter. */
const ZEROS = "00".repeat(65_535);

describe("MessagePack", () => {
  it.each([
    [0, "00"],
    [127, "7f"],
    [128, "cc80"],
    [255, "ccff"],
    [256, "cd0100"],
    [65_535, "cdffff"],
    [65_536, "ce00010000"],
    [2 ** 32 - 1, "ceffffffff"],
    [2 ** 32, "cf0000000100000000"],
    [2 ** 53 - 1, "cf001fffffffffffff"],
  ])("has the number %i as %s", (value, hex) => {
    expect(written((to) => to.uint(value))).toBe(hex);
    expect(reader(hex).uint()).toBe(value);
  });

  it.each([
    [0, "c400"],
    [255, "c4ff"],
    [256, "c50100"],
    [65_535, "c5ffff"],
    [65_536, "c600010000"],
  ])("has %i bytes behind %s", (length, hex) => {
    const bytes = new Uint8Array(length).fill(0xc1);
    const whole = hex + "c1".repeat(length);
    expect(written((to) => to.bin(bytes))).toBe(whole);
    expect(reader(whole).bin()).toEqual(bytes);
  });

  it.each([
    [0, "90"],
    [15, "9f"],
    [16, "dc0010"],
    [65_535, "dcffff"],
    [65_536, "dd00010000"],
  ])("has a list of %i behind %s", (count, hex) => {
    expect(written((to) => to.array(count))).toBe(hex);
    expect(reader(hex + "00".repeat(count)).array()).toBe(count);
  });

  it("has nil as c0", () => {
    expect(written((to) => to.nil())).toBe("c0");
    expect(() => reader("c0").nil()).not.toThrow();
    expect(reader("c0").maybeNil()).toBe(true);
    expect(reader("00").maybeNil()).toBe(false);
  });

  it.each([
    "cc7f",
    "cd00ff",
    "ce0000ffff",
    "cf00000000ffffffff",
    "cf0020000000000000",
    "cc",
    "cd00",
    "e0",
    "d001",
    "",
  ])("refuses %s for a number", (hex) => {
    expect(() => reader(hex).uint()).toThrow(corrupt);
  });

  it.each(["c402c1", "c5", "a0", "c0", "90", "", `c500ff${ZEROS}`, `c60000ffff${ZEROS}`])(
    "refuses %.10s for bytes",
    (hex) => {
      expect(() => reader(hex).bin()).toThrow(corrupt);
    },
  );

  it.each(["dc000f", "dd0000ffff", "dc", "80", "c0", "9100", "92", "ddffffffff", ""])(
    "refuses %s for a list",
    (hex) => {
      expect(() => reader(hex).array(2)).toThrow(corrupt);
    },
  );

  it.each([-1, 1.5, 2 ** 53, Number.NaN, Infinity])("does not write the number %d", (value) => {
    expect(() => written((to) => to.uint(value))).toThrow(
      expect.objectContaining({ code: "invalid-argument" }),
    );
  });

  it("has the bytes of what was not taken back, whatever grows", () => {
    const to = new PackWriter();
    for (let value = 0; value < 3_000; value++) to.uint(value);
    const { length } = to;
    to.bin(new Uint8Array(100_000));
    to.truncate(length);
    const from = new PackReader(to.written);
    for (let value = 0; value < 3_000; value++) expect(from.uint()).toBe(value);
    expect(from.isAtEnd).toBe(true);
  });
});

const NOTHING = new Uint8Array(0);

const anyNumber = fc.oneof(
  fc.nat({ max: 300 }),
  fc.maxSafeNat(),
  fc.constantFrom(127, 128, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1),
);
const anyIndex = anyNumber.map((value) => logIndex(Math.max(1, value)));
const anyTerm = anyNumber.map(term);
const anyMembers = fc
  .uniqueArray(
    anyNumber.map((value) => memberId(Math.max(1, value))),
    { maxLength: 20 },
  )
  .map((ids) => ids.toSorted((a, b) => a - b));
const anyMembership: fc.Arbitrary<Membership> = fc.record({
  voters: anyMembers,
  outgoing: anyMembers,
  learners: anyMembers,
  learnersNext: anyMembers,
});
const anyEntry: fc.Arbitrary<Entry> = fc.oneof(
  fc.record({
    index: anyIndex,
    term: anyTerm,
    kind: fc.constant(EntryKind.DATA),
    data: fc.uint8Array({ maxLength: 400, size: "max" }),
    membership: fc.constant(undefined),
  }),
  fc.record({
    index: anyIndex,
    term: anyTerm,
    kind: fc.constant(EntryKind.NOOP),
    data: fc.constant(NOTHING),
    membership: fc.constant(undefined),
  }),
  fc.record({
    index: anyIndex,
    term: anyTerm,
    kind: fc.constant(EntryKind.MEMBERSHIP),
    data: fc.constant(NOTHING),
    membership: anyMembership,
  }),
);
const anySnapshot: fc.Arbitrary<SnapshotMeta> = fc.record({
  index: anyNumber.map(logIndex),
  term: anyTerm,
  membership: anyMembership,
  sizeBytes: anyNumber,
  checksum: anyNumber,
});
const anyHardState: fc.Arbitrary<HardState> = fc.record({
  term: anyTerm,
  vote: anyNumber.map(memberId),
  commit: anyNumber.map(logIndex),
});

interface Codec<T> {
  readonly any: fc.Arbitrary<T>;
  readonly encode: (value: T) => Uint8Array;
  readonly decode: (bytes: Uint8Array) => T;
}

const codecs: Readonly<Record<string, Codec<never>>> = {
  "an entry": { any: anyEntry, encode: encodeEntry, decode: decodeEntry } as Codec<Entry> as never,
  "a membership": {
    any: anyMembership,
    encode: encodeMembership,
    decode: decodeMembership,
  } as Codec<Membership> as never,
  "a snapshot": {
    any: anySnapshot,
    encode: encodeSnapshotMeta,
    decode: decodeSnapshotMeta,
  } as Codec<SnapshotMeta> as never,
  "a hard state": {
    any: anyHardState,
    encode: encodeHardState,
    decode: decodeHardState,
  } as Codec<HardState> as never,
};

/** A few bytes of it changed, put in or taken out. */
const anyChange = fc.record({
  at: fc.nat({ max: 500 }),
  cut: fc.nat({ max: 3 }),
  put: fc.uint8Array({ maxLength: 3 }),
});

describe.each(Object.entries(codecs))("%s", (_, { any, encode, decode }) => {
  /** Invariants 1 and 2. */
  function check(bytes: Uint8Array): void {
    let value: never;
    try {
      value = decode(bytes);
    } catch (error) {
      expect(error).toBeInstanceOf(LatticeError);
      expect(error).toEqual(corrupt);
      return;
    }
    expect(encode(value)).toEqual(bytes);
  }

  it("is decoded as it was encoded", () => {
    fc.assert(
      fc.property(any, (value) => {
        expect(decode(encode(value))).toEqual(value);
        expect(encode(decode(encode(value)))).toEqual(encode(value));
      }),
    );
  });

  it("is decoded from no other bytes than it is encoded as: of any noise", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), check), { numRuns: 2_000 });
  });

  it("is decoded from no other bytes than it is encoded as: of what is nearly one", () => {
    fc.assert(
      fc.property(any, fc.array(anyChange, { maxLength: 3 }), (value, changes) => {
        let bytes = encode(value);
        for (const { at, cut, put } of changes) {
          const start = at % (bytes.length + 1);
          bytes = Uint8Array.from([...bytes.subarray(0, start), ...put, ...bytes.subarray(start + cut)]);
        }
        check(bytes);
      }),
      { numRuns: 2_000 },
    );
  });

  it("is not decoded where it breaks off, or goes on", () => {
    fc.assert(
      fc.property(any, (value) => {
        const bytes = encode(value);
        for (let length = 0; length < bytes.length; length++) {
          expect(() => decode(bytes.subarray(0, length))).toThrow(corrupt);
        }
        expect(() => decode(Uint8Array.from([...bytes, 0]))).toThrow(corrupt);
      }),
    );
  });
});

describe("an entry", () => {
  const entry: Entry = {
    index: logIndex(300),
    term: term(7),
    kind: EntryKind.DATA,
    data: Uint8Array.of(1, 2),
    membership: undefined,
  };

  it("is a list of its index, term, kind and body", () => {
    expect(Buffer.from(encodeEntry(entry)).toString("hex")).toBe("94cd012c0701c4020102");
    const noop: Entry = { ...entry, kind: EntryKind.NOOP, data: NOTHING };
    expect(Buffer.from(encodeEntry(noop)).toString("hex")).toBe("94cd012c0700c0");
    const membership = {
      voters: [memberId(1), memberId(2)],
      outgoing: [],
      learners: [memberId(3)],
      learnersNext: [],
    };
    const change: Entry = { ...entry, kind: EntryKind.MEMBERSHIP, data: NOTHING, membership };
    expect(Buffer.from(encodeEntry(change)).toString("hex")).toBe("94cd012c0702949201029091" + "0390");
  });

  it("has its data as a view, of no other kind than it was", () => {
    const bytes = Buffer.from(encodeEntry(entry));
    const { data } = decodeEntry(bytes);
    expect(data.constructor).toBe(Uint8Array);
    expect(data.buffer).toBe(bytes.buffer);
  });

  it.each<[string, Partial<Entry>]>([
    ["without an index", { index: logIndex(0) }],
    ["that is a no-op with data", { kind: EntryKind.NOOP }],
    ["of a membership that it has not", { kind: EntryKind.MEMBERSHIP, data: NOTHING }],
    [
      "of data with a membership",
      { membership: { voters: [], outgoing: [], learners: [], learnersNext: [] } },
    ],
    [
      "of members out of order",
      {
        kind: EntryKind.MEMBERSHIP,
        data: NOTHING,
        membership: { voters: [memberId(2), memberId(1)], outgoing: [], learners: [], learnersNext: [] },
      },
    ],
  ])("%s is not encoded", (__, change) => {
    expect(() => encodeEntry({ ...entry, ...change })).toThrow(
      expect.objectContaining({ code: "invalid-argument" }),
    );
  });
});
