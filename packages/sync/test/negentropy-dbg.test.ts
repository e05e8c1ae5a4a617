import { HASH_BYTES, idHash, makeId, type Hash, type IntentionId } from "@lattice/model";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FRAME_BYTES_MIN, Initiator, respond, SortedItems } from "../src/negentropy/index.ts";
import { differences, exchange, hashOf, sortedKeys, type ExchangeOptions } from "./negentropy-exchange.ts";

interface Sets {
  readonly mine: IntentionId[];
  readonly theirs: IntentionId[];
}

/** Every id is in one of the two sets or in both. */
function setsOf(ids: readonly IntentionId[], ownerOf: (index: number) => "both" | "mine" | "theirs"): Sets {
  return {
    mine: ids.filter((_, index) => ownerOf(index) !== "theirs"),
    theirs: ids.filter((_, index) => ownerOf(index) !== "mine"),
  };
}

/** Up to a few thousand ids, from all at one time to each at its own. */
const largeSets: fc.Arbitrary<Sets> = fc
  .record({
    seed: fc.nat(1_000_000),
    both: fc.oneof(fc.nat(100), fc.nat(4000)),
    mine: fc.oneof(fc.nat(5), fc.nat(1000)),
    theirs: fc.oneof(fc.nat(5), fc.nat(1000)),
    times: fc.constantFrom(1n, 3n, 1000n, 1n << 40n, (1n << 64n) - 1n),
  })
  .map(({ seed, both, mine, theirs, times }) => {
    const ids = Array.from({ length: both + mine + theirs }, (_, index) => {
      const hash = hashOf(seed * 10_000 + index);
      return makeId(new DataView(hash.buffer, hash.byteOffset).getBigUint64(8) % times, hash);
    });
    return setsOf(ids, (index) => (index < both ? "both" : index < both + mine ? "mine" : "theirs"));
  });

/** Ids that lie as close to each other as they can: hashes that differ in few bytes, zeros and 0xff at the ends. */
const denseSets: fc.Arbitrary<Sets> = fc
  .uniqueArray(
    fc.record({
      time: fc.constantFrom(0n, 1n, (1n << 64n) - 2n),
      at: fc.constantFrom(0, 1, HASH_BYTES - 1),
      byte: fc.constantFrom(0, 1, 2, 0x7f, 0x80, 0xff),
      fill: fc.constantFrom(0, 0xff),
      last: fc.nat(255),
      owner: fc.constantFrom("both" as const, "both" as const, "mine" as const, "theirs" as const),
    }),
    { maxLength: 300, size: "max", selector: (shape) => denseHash(shape).join() },
  )
  .map((shapes) =>
    setsOf(
      shapes.map((shape) => makeId(shape.time, denseHash(shape))),
      (index) => shapes[index]!.owner,
    ),
  );

function denseHash(shape: { at: number; byte: number; fill: number; last: number }): Hash {
  const hash = new Uint8Array(HASH_BYTES).fill(shape.fill);
  hash[HASH_BYTES - 1] = shape.last;
  hash[shape.at] = shape.byte;
  return hash as Hash;
}

const anySets = fc.oneof(largeSets, denseSets);

function log16(count: number): number {
  return count <= 1 ? 0 : Math.ceil(Math.log2(count) / 4);
}

/** What was found, each once. */
function expectDifferences({ mine, theirs }: Sets, options: ExchangeOptions): number {
  const found = exchange(new SortedItems(mine), new SortedItems(theirs), options);
  const expected = differences(mine, theirs);
  expect([...new Set(sortedKeys(found.have))]).toEqual(expected.have);
  expect([...new Set(sortedKeys(found.need))]).toEqual(expected.need);
  return found.rounds;
}

describe("x",()=>{  it("finds every difference where the initiator may collect only a few at a time", () => {
    fc.assert(
      fc.property(denseSets, fc.constantFrom(10, 50, 300), (sets, haveCountMax) => {
        expectDifferences(sets, { haveCountMax });
      }),
      { numRuns: 1500 },
    );
    fc.assert(
      fc.property(denseSets, (sets) => {
        expectDifferences(sets, { haveCountMax: 1 });
      }),
      { numRuns: 6000 },
    );
  });

});