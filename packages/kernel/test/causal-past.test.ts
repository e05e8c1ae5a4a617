import { bytesKey, type Intention, type IntentionId } from "@lattice/model";
import { seededRandom } from "@lattice/testkit";
import fc from "fast-check";
import { expect, it } from "vitest";
import { inPastOf, parentsOf } from "../src/index.ts";
import { deliver, kvstore3, randomWorld } from "./oracle.ts";
import { openReplica } from "./world.ts";

/** All that an intention stands on, by the definition: parents, their parents, and so on. */
function pastOf(id: IntentionId, byId: ReadonlyMap<string, Intention>): Set<string> {
  const past = new Set<string>();
  const visit = (at: IntentionId): void => {
    const intention = byId.get(bytesKey(at));
    if (intention === undefined) return;
    for (const parent of [intention.storePrev, ...intention.condition]) {
      if (past.has(bytesKey(parent))) continue;
      past.add(bytesKey(parent));
      visit(parent);
    }
  };
  visit(id);
  return past;
}

it("property: what lies in the past of an intention is what its parents lead to, and nothing else", () => {
  const shape = fc.record({
    seed: fc.nat(),
    authors: fc.integer({ min: 1, max: 4 }),
    ops: fc.integer({ min: 1, max: 30 }),
  });
  fc.assert(
    fc.property(shape, ({ seed, ...size }) => {
      const random = seededRandom(seed);
      const { world, forged } = randomWorld(random, size);
      const opened = openReplica({ world, type: kvstore3 });
      for (const batch of deliver(forged, random, { duplicates: false, tipSigned: false, batchMax: 10 }))
        opened.ingest(batch);
      const all = [...opened.log.records({ from: 1 })].map(({ intention }) => intention);
      const byId = new Map(all.map((intention) => [bytesKey(intention.id), intention]));
      const ids = all.map(({ id }) => id);
      for (const id of ids) {
        const past = pastOf(id, byId);
        expect(inPastOf(opened.log, id, ids)).toEqual(ids.filter((each) => past.has(bytesKey(each))));
        for (const parent of parentsOf(opened.log, id)) expect(past.has(bytesKey(parent))).toBe(true);
      }
    }),
    { numRuns: 40 },
  );
});
