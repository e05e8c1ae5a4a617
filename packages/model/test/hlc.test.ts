import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { HLC_ZERO, hlcCounter, hlcFromMs, HybridClock, hlcToMs } from "../src/index.ts";

const at = (now: () => number) => new HybridClock({ now, after: () => () => {} });

describe("the hybrid clock", () => {
  it("rises strictly and stays above all it has seen, whatever the wall clock does", () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant("wall" as const), ms: fc.integer({ min: 0, max: 2 ** 40 }) }),
      fc.record({ kind: fc.constant("witness" as const), ms: fc.integer({ min: 0, max: 2 ** 40 }) }),
      fc.record({ kind: fc.constant("tick" as const), ms: fc.constant(0) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 50 }), (steps) => {
        let wall = 0;
        const clock = at(() => wall);
        let seen = -1n;
        for (const { kind, ms } of steps) {
          if (kind === "wall") wall = ms;
          if (kind === "witness") {
            clock.witness(hlcFromMs(ms));
            if (hlcFromMs(ms) > seen) seen = hlcFromMs(ms);
          }
          if (kind !== "tick") continue;
          const ticked = clock.tick();
          expect(ticked > seen).toBe(true);
          expect(ticked >= hlcFromMs(wall)).toBe(true);
          expect(clock.last).toBe(ticked);
          seen = ticked;
        }
      }),
    );
  });

  it("is the wall clock where that is ahead", () => {
    expect(at(() => 1234.9).tick()).toBe(hlcFromMs(1234));
    expect(hlcToMs(hlcFromMs(1234.9))).toBe(1234);
  });

  it("counts within a millisecond, and carries into the next", () => {
    const clock = at(() => 7);
    expect([clock.tick(), clock.tick()].map(hlcCounter)).toEqual([0, 1]);
    clock.witness(hlcFromMs(7) | 0xffffn);
    const carried = clock.tick();
    expect([hlcToMs(carried), hlcCounter(carried)]).toEqual([8, 0]);
  });

  it("goes on from where it is told", () => {
    const clock = new HybridClock({ now: () => 0, after: () => () => {} }, hlcFromMs(99));
    expect(clock.last).toBe(hlcFromMs(99));
    expect(clock.tick()).toBe(hlcFromMs(99) + 1n);
    expect(at(() => 0).last).toBe(HLC_ZERO);
  });
});
