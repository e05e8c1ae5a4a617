import { bytesKey, toHex } from "@lattice/model";
import { seededRandom } from "@lattice/testkit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { crashableReplica } from "./crash.ts";
import { deliver, expectedWitnessed, kvstore3, randomWorld, shuffled } from "./oracle.ts";
import { FakeClock, openReplica, picture } from "./world.ts";
import { toBatches, type Replica } from "../src/index.ts";

const shape = fc.record({
  seed: fc.nat(),
  authors: fc.integer({ min: 1, max: 4 }),
  ops: fc.integer({ min: 1, max: 40 }),
});

function delivered(seed: number, { world, forged }: ReturnType<typeof randomWorld>, index: number): Replica {
  const random = seededRandom(seed + index * 7919);
  const replica = openReplica({ world, type: kvstore3 });
  const how = {
    duplicates: random(2) === 0,
    tipSigned: random(2) === 0,
    batchMax: [1, 3, 12, 100][random(4)]!,
  };
  for (const batch of deliver(forged, random, how)) replica.ingest(batch);
  return replica;
}

describe("one set of intentions", () => {
  it("gives one state, one frontier and the same verdicts, in whichever order and batches it comes", () => {
    fc.assert(
      fc.property(shape, ({ seed, ...size }) => {
        const made = randomWorld(seededRandom(seed), size);
        const replicas = [0, 1, 2, 3].map((index) => delivered(seed, made, index));
        const [first, ...others] = replicas.map(picture);
        for (const other of others) expect(other).toEqual(first);
        const expected = expectedWitnessed(made.world, made.forged);
        expect(first!.ids).toEqual([...expected.values()].map(({ id }) => toHex(id)).sort());
        expect(first!.floating).toHaveLength(made.forged.length + 1 - expected.size);
      }),
      { numRuns: 80 },
    );
  });

  it("gives the same state when it is projected again from nothing", () => {
    fc.assert(
      fc.property(shape, ({ seed, ...size }) => {
        const replica = delivered(seed, randomWorld(seededRandom(seed), size), 1);
        const before = picture(replica);
        replica.projection.clear();
        while (replica.catchUp().more);
        expect(picture(replica)).toEqual(before);
      }),
      { numRuns: 40 },
    );
  });

  it("reaches another replica whole in the batches of the first", () => {
    fc.assert(
      fc.property(shape, ({ seed, ...size }) => {
        const made = randomWorld(seededRandom(seed), size);
        const from = delivered(seed, made, 2);
        const to = openReplica({ world: made.world, type: kvstore3 });
        for (const { items } of toBatches(from.log, from.log.records({ from: 2 }))) {
          expect(to.ingest(items).report.rejectedByReason.size).toBe(0);
        }
        const left = picture(from);
        expect({ ...picture(to), floating: left.floating }).toEqual(left);
      }),
      { numRuns: 40 },
    );
  });

  it("survives crashes of log and state at any points between", async () => {
    await fc.assert(
      fc.asyncProperty(shape, async ({ seed, ...size }) => {
        const random = seededRandom(seed);
        const made = randomWorld(random, size);
        const want = picture(delivered(seed, made, 0));
        const store = crashableReplica(made.world, kvstore3);
        await store.log.flush();
        // What was lost in a crash comes again, as it would by anti-entropy.
        const batches = [
          ...deliver(made.forged, random, { duplicates: false, tipSigned: true, batchMax: 12 }),
        ];
        for (let round = 0; round < 3; round++) {
          for (const batch of round === 2 ? batches : shuffled(batches, random)) {
            store.replica.ingest(batch);
            if (random(3) === 0) await store.log.flush();
            if (random(4) === 0) await store.state.flush();
            if (round < 2 && random(6) === 0) store.crash({ log: random(2) === 0, state: random(2) === 0 });
          }
        }
        expect(picture(store.replica)).toEqual(want);
        expect(bytesKey(store.replica.genesisHash)).toBe(bytesKey(made.world.first.hash));
      }),
      { numRuns: 40 },
    );
  });

  it("is the same when clocks ran ahead and time has passed", () => {
    fc.assert(
      fc.property(shape, ({ seed, ...size }) => {
        const made = randomWorld(seededRandom(seed), size);
        const want = picture(delivered(seed, made, 0));
        const random = seededRandom(seed + 1);
        // This node's clock is behind by more than anybody may be ahead.
        const clock = new FakeClock();
        clock.ms -= 5 * 60_000 - random(4000);
        const replica = openReplica({ world: made.world, type: kvstore3, clock });
        for (const batch of deliver(made.forged, random, {
          duplicates: true,
          tipSigned: true,
          batchMax: 9,
        })) {
          replica.ingest(batch);
          if (random(5) === 0) clock.ms += random(500);
          if (random(5) === 0) replica.reconsiderFloating();
        }
        clock.ms += 10 * 60_000;
        replica.reconsiderFloating();
        expect(picture(replica)).toEqual(want);
      }),
      { numRuns: 40 },
    );
  });
});
