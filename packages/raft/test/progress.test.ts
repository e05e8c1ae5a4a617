import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { logIndex, Progress } from "@lattice/raft";
import { Inflights } from "../src/inflights.ts";
import { snapshotOf } from "./harness/alone.ts";

function progress(next: number): Progress {
  const inflights = new Inflights({ countMax: 4, bytesMax: 100 });
  return new Progress({ next: logIndex(next), nowMs: 0, inflights });
}

describe("a probe", () => {
  it("goes back to where the logs may be alike, and may ask again", () => {
    const probe = progress(9);
    probe.isPaused = true;
    expect(probe.rejected(logIndex(8), logIndex(4))).toBe(true);
    expect([probe.next, probe.isPaused]).toEqual([5, false]);
  });

  it("takes no notice of an answer to anything but its last question", () => {
    const probe = progress(9);
    expect(probe.rejected(logIndex(7), logIndex(1))).toBe(false);
    expect(probe.next).toBe(9);
  });

  it("goes back by one at the least", () => {
    const probe = progress(9);
    probe.rejected(logIndex(8), logIndex(8));
    expect(probe.next).toBe(8);
  });
});

describe("replication", () => {
  it("begins behind what is known to be there", () => {
    const follower = progress(9);
    follower.accepted(logIndex(5));
    follower.becomeReplicate();
    expect([follower.state, follower.match, follower.next]).toEqual(["replicate", 5, 6]);
  });

  it("falls back to a probe when something in between was lost, and forgets what is under way", () => {
    const follower = progress(6);
    follower.accepted(logIndex(5));
    follower.becomeReplicate();
    follower.next = logIndex(9);
    follower.inflights.add(logIndex(8), 1);
    expect(follower.rejected(logIndex(7), logIndex(5))).toBe(true);
    expect([follower.state, follower.next, follower.inflights.count]).toEqual(["probe", 6, 0]);
  });

  it("takes no notice of an old refusal", () => {
    const follower = progress(6);
    follower.accepted(logIndex(5));
    follower.becomeReplicate();
    expect(follower.rejected(logIndex(4), logIndex(1))).toBe(false);
    expect(follower.state).toBe("replicate");
  });
});

it("property: whatever is answered, what is sent next stands behind what is there, which never falls", () => {
  const index = fc.integer({ min: 0, max: 12 }).map(logIndex);
  const step = fc.oneof(
    fc.record({ do: fc.constant("accepted" as const), index }),
    fc.record({ do: fc.constant("rejected" as const), index, hint: index }),
    fc.record({ do: fc.constantFrom("replicate" as const, "snapshot" as const, "probe" as const), index }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      let each = progress(5);
      for (const what of steps) {
        const { match } = each;
        if (what.do === "accepted") each.accepted(what.index);
        else if (what.do === "rejected") each.rejected(what.index, what.hint);
        else if (what.do === "replicate") each.becomeReplicate();
        else if (what.do === "probe") each.becomeProbe(what.index);
        else {
          each.becomeSnapshot();
          each.beginSnapshot(snapshotOf("12:2"));
        }
        expect(each.next).toBeGreaterThan(each.match);
        expect(each.match).toBeGreaterThanOrEqual(match);
        expect(each.outgoing === undefined).toBe(each.state !== "snapshot");
        const copy = each.clone();
        expect(copy).toEqual(each);
        each = copy;
      }
    }),
  );
});
