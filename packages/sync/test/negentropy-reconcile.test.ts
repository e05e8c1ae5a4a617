import { HASH_BYTES, idHash, makeId, type Hash, type IntentionId } from "@lattice/model";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FRAME_BYTES_MIN, Initiator, respond, SortedItems } from "../src/negentropy/index.ts";
import { differences, exchange, hashOf, sortedKeys, type ExchangeOptions } from "./negentropy-exchange.ts";

/** Where the hashes of `denseSets` begin to be hashes. */
const DENSE_BYTES = 16;

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

/**
 * Ids with long prefixes in common, zeros and 0xff at the start. The second half of each hash is one's of SHA-256: sums of
 * numbers that are not random have collisions.
 */
const denseSets: fc.Arbitrary<Sets> = fc
  .array(
    fc.record({
      time: fc.constantFrom(0n, 1n, (1n << 64n) - 2n),
      at: fc.constantFrom(0, 1, DENSE_BYTES - 1),
      byte: fc.constantFrom(0, 1, 2, 0x7f, 0x80, 0xff),
      fill: fc.constantFrom(0, 0xff),
      owner: fc.constantFrom("both" as const, "both" as const, "mine" as const, "theirs" as const),
    }),
    { maxLength: 400, size: "max" },
  )
  .map((shapes) => {
    const ids = shapes.map((shape, index) => makeId(shape.time, denseHash(shape, index)));
    return setsOf(ids, (index) => shapes[index]!.owner);
  });

function denseHash({ at, byte, fill }: { at: number; byte: number; fill: number }, index: number): Hash {
  const hash = hashOf(index);
  hash.fill(fill, 0, DENSE_BYTES);
  hash[at] = byte;
  return hash;
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

describe("an exchange", () => {
  it("finds each difference once, in log16 n + 2 rounds", () => {
    fc.assert(
      fc.property(anySets, ({ mine, theirs }) => {
        const found = exchange(new SortedItems(mine), new SortedItems(theirs));
        const expected = differences(mine, theirs);
        expect(sortedKeys(found.have)).toEqual(expected.have);
        expect(sortedKeys(found.need)).toEqual(expected.need);
        expect(found.rounds).toBeLessThanOrEqual(log16(Math.min(mine.length, theirs.length)) + 2);
      }),
      { numRuns: 150 },
    );
  });

  it("finds every difference in the smallest frames, in log16 n + 2 rounds for each", () => {
    fc.assert(
      fc.property(anySets, (sets) => {
        const { have, need } = differences(sets.mine, sets.theirs);
        const rounds = expectDifferences(sets, { frameBytesMax: FRAME_BYTES_MIN });
        const roundsEach = log16(Math.min(sets.mine.length, sets.theirs.length)) + 2;
        expect(rounds).toBeLessThanOrEqual(roundsEach * (1 + have.length + need.length));
      }),
      { numRuns: 100 },
    );
  });

  it("finds every difference where the initiator may collect only a few at a time", () => {
    fc.assert(
      fc.property(anySets, fc.constantFrom(10, 50, 300), (sets, haveCountMax) => {
        expectDifferences(sets, { haveCountMax });
      }),
      { numRuns: 60 },
    );
    fc.assert(
      fc.property(denseSets, (sets) => {
        expectDifferences(sets, { haveCountMax: 1 });
      }),
      { numRuns: 20 },
    );
  });

  it("never sends a message over the limit", () => {
    fc.assert(
      fc.property(
        anySets,
        fc.integer({ min: FRAME_BYTES_MIN, max: 2 * FRAME_BYTES_MIN }),
        (sets, frameBytesMax) => {
          const { messages } = exchange(new SortedItems(sets.mine), new SortedItems(sets.theirs), {
            frameBytesMax,
          });
          for (const message of messages) expect(message.length).toBeLessThanOrEqual(frameBytesMax);
        },
      ),
      { numRuns: 60 },
    );
  });

  it("finds any one of many ids that differ in their last byte only", () => {
    const ids = Array.from({ length: 100 }, (_, index) => {
      const hash = new Uint8Array(HASH_BYTES).fill(0xff) as Hash;
      hash[HASH_BYTES - 1] = index;
      return makeId(7n, hash);
    });
    const all = new SortedItems(ids);
    for (const single of ids) {
      const others = new SortedItems(ids.filter((id) => id !== single));
      expect(exchange(all, others)).toMatchObject({ have: [single], need: [] });
      expect(exchange(others, all)).toMatchObject({ have: [], need: [idHash(single)] });
    }
  });

  it("takes one round between equal sets, however large", () => {
    const ids = Array.from({ length: 5000 }, (_, index) => makeId(BigInt(index), hashOf(index)));
    const found = exchange(new SortedItems(ids), new SortedItems(ids));
    expect(found).toMatchObject({ have: [], need: [], rounds: 1 });
    expect(found.messages[1]).toEqual(Uint8Array.of(0x61));
  });

  it("fills frame after frame for an initiator that has nothing", () => {
    const ids = Array.from({ length: 5000 }, (_, index) => makeId(BigInt(index), hashOf(index)));
    const frameBytesMax = 8192;
    const found = exchange(new SortedItems([]), new SortedItems(ids), { frameBytesMax });
    expect(sortedKeys(found.need)).toEqual(sortedKeys(ids.map(idHash)));
    expect(found.rounds).toBeLessThanOrEqual(
      1 + Math.ceil((ids.length * HASH_BYTES) / (frameBytesMax - 512)),
    );
  });

  it("may go on after the sets have grown", () => {
    const ids = Array.from({ length: 2000 }, (_, index) => makeId(BigInt(index), hashOf(index)));
    const grown = Array.from({ length: 2500 }, (_, index) => makeId(BigInt(index), hashOf(index)));
    const initiator = new Initiator(new SortedItems(ids), { frameBytesMax: 8192 });
    const found: Hash[] = [];
    let question: Uint8Array | undefined = initiator.start();
    let theirs = ids.slice(0, 1900);
    while (question !== undefined) {
      const { reply, need } = initiator.receive(
        respond(new SortedItems(theirs), question, { frameBytesMax: 8192 }),
      );
      found.push(...need);
      theirs = grown;
      question = reply;
    }
    const ours = new Set(sortedKeys(ids.map(idHash)));
    for (const key of sortedKeys(found)) expect(ours.has(key)).toBe(false);
  });
});
