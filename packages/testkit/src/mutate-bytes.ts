/**
 * Bytes that are nearly valid, to feed decoders with: a sample, changed in a few of the ways that decoders fall over.
 * Besides, some that are noise from beginning to end. What fails shrinks to a short sequence of changes.
 */
import fc from "fast-check";

export interface MutateOptions {
  /** Longer results are cut. Default: 64 KiB. */
  readonly bytesMax?: number;
  /** Changes to one sample, at the most. Default: 4. */
  readonly changesMax?: number;
}

/** Numbers that a length, a count or a time is taken for, and that programs get wrong. */
const EXTREMES = [
  0n,
  1n,
  0x7fn,
  0x80n,
  0xffffn,
  1n << 31n,
  (1n << 32n) - 1n,
  (1n << 53n) - 1n,
  1n << 53n,
  (1n << 63n) - 1n,
  (1n << 64n) - 1n,
] as const;

type Change = (bytes: Uint8Array) => Uint8Array;

/** Any of `samples`, mutated, or noise; now and then a sample as it is. */
export function mutateBytes(
  samples: readonly Uint8Array[],
  options: MutateOptions = {},
): fc.Arbitrary<Uint8Array> {
  const { bytesMax = 64 << 10, changesMax = 4 } = options;
  const sample = fc.constantFrom(...samples);
  const mutated = fc
    .tuple(sample, fc.array(change(samples), { maxLength: changesMax }))
    .map(([bytes, changes]) => changes.reduce((before, apply) => apply(before), bytes));
  const noise = fc.uint8Array({ maxLength: 200 });
  return fc
    .oneof({ weight: 9, arbitrary: mutated }, { weight: 1, arbitrary: noise })
    .map((bytes) => new Uint8Array(bytes.subarray(0, bytesMax)));
}

/** How often a property runs: `usual` times, or as often as the environment's `LATTICE_FUZZ_RUNS` says. */
export function fuzzRuns(usual: number): { numRuns: number } {
  const asked = Number(process.env["LATTICE_FUZZ_RUNS"] ?? "");
  return { numRuns: Number.isInteger(asked) && asked > 0 ? asked : usual };
}

function change(samples: readonly Uint8Array[]): fc.Arbitrary<Change> {
  const place = fc.nat({ max: 0xffff });
  const length = fc.oneof(fc.nat({ max: 12 }), fc.nat({ max: 300 }));
  return fc.oneof(
    fc.record({ at: place, bit: fc.nat({ max: 7 }) }).map(flipBit),
    fc.record({ at: place, put: fc.uint8Array({ maxLength: 12 }), cut: length }).map(replace),
    fc.record({ at: place }).map(truncate),
    fc.record({ at: place, other: fc.constantFrom(...samples), from: place }).map(splice),
    fc.record({ at: place, length, times: fc.nat({ max: 20 }) }).map(repeat),
    fc
      .record({ at: place, number: fc.constantFrom(...EXTREMES), write: numberForm, cut: length })
      .map(setNumber),
    fc.record({ from: place, to: place, doubled: fc.boolean() }).map(moveField),
    fc.record({ tag: fc.nat({ max: 0xff }), depth: fc.nat({ max: 200 }) }).map(nest),
  );
}

type Write = (value: bigint) => Uint8Array;

const numberForm = fc.constantFrom<Write>(
  varint,
  bigVarint,
  fixed(2, true),
  fixed(4, true),
  fixed(4, false),
  fixed(8, true),
  fixed(8, false),
);

/** As protobuf writes numbers, the least digit first. */
function varint(value: bigint): Uint8Array {
  const digits: number[] = [];
  for (let rest = value; digits.length === 0 || rest > 0n; rest >>= 7n) {
    digits.push(Number(rest & 0x7fn) | (rest > 0x7fn ? 0x80 : 0));
  }
  return Uint8Array.from(digits);
}

/** As Negentropy writes them, the greatest digit first. */
function bigVarint(value: bigint): Uint8Array {
  const digits = varint(value)
    .map((digit) => digit & 0x7f)
    .toReversed();
  return digits.map((digit, at) => digit | (at < digits.length - 1 ? 0x80 : 0));
}

function fixed(bytes: 2 | 4 | 8, isLittleEndian: boolean): Write {
  return (value) => {
    const shifts = Array.from(
      { length: bytes },
      (_, at) => 8n * BigInt(isLittleEndian ? at : bytes - 1 - at),
    );
    return Uint8Array.from(shifts, (shift) => Number((value >> shift) & 0xffn));
  };
}

function flipBit({ at, bit }: { at: number; bit: number }): Change {
  return (bytes) => {
    const out = new Uint8Array(bytes);
    if (out.length > 0) out[at % out.length]! ^= 1 << bit;
    return out;
  };
}

function replace({ at, put, cut }: { at: number; put: Uint8Array; cut: number }): Change {
  return (bytes) => {
    const start = at % (bytes.length + 1);
    return join(bytes.subarray(0, start), put, bytes.subarray(start + cut));
  };
}

function truncate({ at }: { at: number }): Change {
  return (bytes) => bytes.subarray(0, at % (bytes.length + 1));
}

function splice({ at, other, from }: { at: number; other: Uint8Array; from: number }): Change {
  return (bytes) =>
    join(bytes.subarray(0, at % (bytes.length + 1)), other.subarray(from % (other.length + 1)));
}

function repeat({ at, length, times }: { at: number; length: number; times: number }): Change {
  return (bytes) => {
    const start = at % (bytes.length + 1);
    const part = bytes.subarray(start, start + length);
    return join(
      bytes.subarray(0, start),
      ...Array.from({ length: times }, () => part),
      bytes.subarray(start),
    );
  };
}

function setNumber(what: { at: number; number: bigint; write: Write; cut: number }): Change {
  return replace({ at: what.at, put: what.write(what.number), cut: Math.min(what.cut, 8) });
}

/** Of a message of protobuf: one of its fields to another place, or there as well. Other bytes stay as they are. */
function moveField({ from, to, doubled }: { from: number; to: number; doubled: boolean }): Change {
  return (bytes) => {
    const fields = fieldsOf(bytes);
    if (fields === undefined || fields.length === 0) return bytes;
    const field = fields[from % fields.length]!;
    const others = doubled ? fields : fields.filter((each) => each !== field);
    return join(...others.toSpliced(to % (others.length + 1), 0, field));
  };
}

/** Of a message of protobuf: into a field, and that into one, and so on; or behind as many openings of a group. */
function nest({ tag, depth }: { tag: number; depth: number }): Change {
  return (bytes) => {
    const isGroup = (tag & 7) === 3;
    if (isGroup) return join(new Uint8Array(depth).fill(tag), bytes);
    let out = bytes;
    for (let level = 0; level < depth % 40; level++) {
      out = join(Uint8Array.of((tag & 0x78) | 2), varint(BigInt(out.length)), out);
    }
    return out;
  };
}

/** Undefined for what is no message. */
function fieldsOf(bytes: Uint8Array): Uint8Array[] | undefined {
  const fields: Uint8Array[] = [];
  for (let start = 0; start < bytes.length;) {
    const tag = readVarint(bytes, start);
    if (tag === undefined) return undefined;
    const end = fieldEnd(bytes, tag);
    if (end === undefined || end > bytes.length) return undefined;
    fields.push(bytes.subarray(start, end));
    start = end;
  }
  return fields;
}

function fieldEnd(bytes: Uint8Array, { value, end }: { value: number; end: number }): number | undefined {
  const next = readVarint(bytes, end);
  switch (value & 7) {
    case 0:
      return next?.end;
    case 1:
      return end + 8;
    case 2:
      return next && next.end + next.value;
    case 5:
      return end + 4;
    default:
      return undefined;
  }
}

function readVarint(bytes: Uint8Array, start: number): { value: number; end: number } | undefined {
  let value = 0;
  for (let at = start; at < bytes.length && at < start + 5; at++) {
    value += (bytes[at]! & 0x7f) * 2 ** (7 * (at - start));
    if (bytes[at]! < 0x80) return { value, end: at + 1 };
  }
  return undefined;
}

function join(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}
