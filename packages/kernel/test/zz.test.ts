import { it } from "vitest";
import { seededRandom } from "@lattice/store/testing";
import { deliver, kvstore3, randomWorld } from "./oracle.ts";
import { FakeClock, openReplica, counts } from "./world.ts";
import { toHex, hlcToMs } from "@lattice/model";
it("x", () => {
        const seed=1505566327, size={authors:1, ops:9};
        const made = randomWorld(seededRandom(seed), size);
        const random = seededRandom(seed + 1);
        const clock = new FakeClock();
        clock.ms -= 5 * 60_000 - random(4000);
        const replica = openReplica({ world: made.world, type: kvstore3, clock });
        for (const batch of deliver(made.forged, random, { duplicates: true, tipSigned: true, batchMax: 9 })) {
          const o = replica.ingest(batch);
          console.log(batch.map(b => (b.signature ? "S" : "u") + toHex((b as any).intention?.id ?? b.body.subarray(0,0)).slice(0,20)), counts(o.report.heldByReason), o.report.witnessed.length);
          if (random(5) === 0) clock.ms += random(500);
          if (random(5) === 0) replica.reconsiderFloating();
        }
        clock.ms += 10 * 60_000;
        const o = replica.reconsiderFloating();
        console.log(o.report.witnessed.length, counts(o.report.heldByReason));
        for (const f of replica.floating.all()) console.log(toHex(f.intention.id).slice(0,20), toHex(f.intention.storePrev).slice(0,20), f.authentication.kind, f.authentication.kind==="voucher" ? toHex(f.authentication.id).slice(0,20):"", replica.holdReason(f.intention), hlcToMs(f.intention.timestamp)-clock.ms);
});
