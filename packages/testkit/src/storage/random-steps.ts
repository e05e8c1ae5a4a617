/** Arbitrary use of a storage, for fast-check. */
import fc from "fast-check";
import type { Range } from "@lattice/storage";
import type { Write } from "./naive-storage.ts";

export const TABLES = ["first", "second"] as const;

export interface Writing {
  readonly kind: "transaction";
  readonly writes: readonly Write[];
  readonly isThrown: boolean;
}

export interface Reading {
  readonly kind: "read";
  readonly table: string;
  readonly range: Range;
}

export type Step =
  | Writing
  | Reading
  | { readonly kind: "count"; readonly table: string }
  | { readonly kind: "flush" | "flush unawaited" | "reopen" | "crash" | "rollback" };

/** The bytes that tell unsigned order from signed, and text order from that of bytes. */
const BYTES = [0x00, 0x01, 0x61, 0x7f, 0x80, 0xff];
/** Around the lengths at which an implementation may begin to treat keys otherwise. */
const LONG_LENGTHS = [
  255, 256, 511, 512, 1899, 1900, 1901, 1902, 1978, 1979, 3799, 3800, 3801, 4095, 4096, 4198,
];

const shortKey = fc
  .array(fc.constantFrom(...BYTES), { minLength: 1, maxLength: 3 })
  .map((bytes) => Uint8Array.from(bytes));

const longKey = fc
  .record({
    length: fc.constantFrom(...LONG_LENGTHS),
    fill: fc.constantFrom(0x00, 0x61, 0xff),
    tail: fc.array(fc.constantFrom(...BYTES), { minLength: 0, maxLength: 2 }),
  })
  .map(({ length, fill, tail }) => Uint8Array.from([...new Array<number>(length).fill(fill), ...tail]));

const anyKey = fc.oneof({ weight: 4, arbitrary: shortKey }, { weight: 1, arbitrary: longKey });

const anyBound = fc.oneof(
  { weight: 9, arbitrary: anyKey },
  { weight: 1, arbitrary: fc.constant(new Uint8Array(0)) },
);

const anyValue = fc
  .record({ length: fc.constantFrom(0, 1, 7, 200, 5_000), fill: fc.nat(255) })
  .map(({ length, fill }) => new Uint8Array(length).fill(fill));

const lower = fc.oneof(
  fc.constant({}),
  anyBound.map((gte) => ({ gte })),
  anyBound.map((gt) => ({ gt })),
);
const upper = fc.oneof(
  fc.constant({}),
  anyBound.map((lte) => ({ lte })),
  anyBound.map((lt) => ({ lt })),
);

const anyRange: fc.Arbitrary<Range> = fc
  .tuple(
    lower,
    upper,
    fc.record({ reverse: fc.boolean(), limit: fc.integer({ min: 0, max: 5 }) }, { requiredKeys: [] }),
  )
  .map(([from, to, rest]) => ({ ...from, ...to, ...rest }));

const anyTable = fc.constantFrom(...TABLES);

const anyWrite: fc.Arbitrary<Write> = fc.record({
  table: anyTable,
  key: anyKey,
  value: fc.option(anyValue, { nil: undefined, freq: 2 }),
});

export const anyTransaction: fc.Arbitrary<Writing> = fc.record({
  kind: fc.constant("transaction" as const),
  writes: fc.array(anyWrite, { maxLength: 8 }),
  isThrown: fc.nat(3).map((chance) => chance === 0),
});

export const anyReading: fc.Arbitrary<Reading> = fc.record({
  kind: fc.constant("read" as const),
  table: anyTable,
  range: anyRange,
});

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: anyTransaction },
  { weight: 6, arbitrary: anyReading },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("count" as const), table: anyTable }) },
  { weight: 3, arbitrary: fc.constant({ kind: "flush" as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: "flush unawaited" as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: "reopen" as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: "crash" as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: "rollback" as const }) },
);

export const anySteps = fc.array(anyStep, { minLength: 1, maxLength: 40 });
