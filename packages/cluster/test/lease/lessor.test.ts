import fc from "fast-check";
import { term } from "@lattice/raft";
import { expect, test } from "vitest";
import { Lessor, type LeaseCheckpoint, type LeaseRow } from "../../src/lease/lessor.ts";

/** A clock that is set by hand, and a cluster that does at once what it is asked for. */
class World {
  nowMs = 1000;
  readonly rows = new Map<bigint, LeaseRow>();
  readonly revoked: { id: bigint; atMs: number }[] = [];
  readonly checkpoints: LeaseCheckpoint[][] = [];
  isReachable = true;
  checkpointsFail = false;
  checkpointed = (): void => {};
  #timers: { atMs: number; callback: () => void }[] = [];
  readonly lessor = new Lessor({
    nowMs: () => this.nowMs,
    after: (ms, callback) => {
      const timer = { atMs: this.nowMs + ms, callback };
      this.#timers.push(timer);
      return () => (this.#timers = this.#timers.filter((each) => each !== timer));
    },
    leases: () => this.rows.values(),
    revoke: async (id) => {
      if (!this.isReachable) throw new Error("no leader");
      this.rows.delete(id);
      this.revoked.push({ id, atMs: this.nowMs });
      this.lessor.revoked(id);
    },
    checkpoint: async (checkpoints) => {
      if (this.checkpointsFail) throw new Error("no leader");
      this.checkpoints.push([...checkpoints]);
      this.checkpointed();
      for (const { id, remainingSeconds } of checkpoints) {
        const row = this.rows.get(id);
        if (row !== undefined) this.rows.set(id, { ...row, remainingSeconds });
      }
    },
  });

  grant(id: bigint, ttlSeconds: number): void {
    const row = { id, ttlSeconds, remainingSeconds: 0 };
    this.rows.set(id, row);
    this.lessor.granted(row);
  }

  async pass(ms: number): Promise<void> {
    const end = this.nowMs + ms;
    for (;;) {
      const next = this.#timers.toSorted((a, b) => a.atMs - b.atMs)[0];
      if (next === undefined || next.atMs > end) break;
      this.nowMs = Math.max(this.nowMs, next.atMs);
      this.#timers = this.#timers.filter((each) => each !== next);
      next.callback();
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.nowMs = end;
  }

  get goneIds(): bigint[] {
    return this.revoked.map(({ id }) => id);
  }
}

test("a lease ends when its time is over, and not before; who extends it gets its whole time", async () => {
  const world = new World();
  world.lessor.promote(term(1), 0);
  world.grant(1n, 10);
  world.grant(2n, 10);
  await world.pass(9_000);
  expect(await world.lessor.renew(1n, world.nowMs)).toBe(10);
  expect(world.lessor.remainingMs(1n)).toBe(10_000);
  await world.pass(1_500);
  expect(world.goneIds).toEqual([2n]);
  await world.pass(9_000);
  expect(world.goneIds).toEqual([2n, 1n]);
  expect(await world.lessor.renew(1n, world.nowMs)).toBe("gone");
});

test("time that was asked for is counted from when it was asked for", async () => {
  const world = new World();
  world.lessor.promote(term(1), 0);
  world.grant(1n, 10);
  await world.pass(5_000);
  await world.lessor.renew(1n, world.nowMs - 2_000);
  expect(world.lessor.remainingMs(1n)).toBe(8_000);
  await world.lessor.renew(1n, world.nowMs - 4_000);
  expect(world.lessor.remainingMs(1n)).toBe(8_000);
});

test("only who leads decides; who begins to lead gives everybody the whole time, and some more", async () => {
  const world = new World();
  world.grant(1n, 10);
  expect(await world.lessor.renew(1n, world.nowMs)).toBe("moved");
  await world.pass(60_000);
  expect(world.goneIds).toEqual([]);
  world.lessor.promote(term(1), 1_000);
  await world.pass(10_900);
  expect(world.goneIds).toEqual([]);
  await world.pass(200);
  expect(world.goneIds).toEqual([1n]);
});

test("who asks for a lease that is being ended waits for that, or learns that another decides", async () => {
  const world = new World();
  world.lessor.promote(term(1), 0);
  world.grant(1n, 5);
  world.isReachable = false;
  await world.pass(5_100);
  const gone = world.lessor.renew(1n, world.nowMs);
  world.isReachable = true;
  await world.pass(1_000);
  expect(await gone).toBe("gone");
  world.grant(2n, 5);
  world.isReachable = false;
  await world.pass(5_100);
  const moved = world.lessor.renew(2n, world.nowMs);
  world.lessor.demote();
  expect(await moved).toBe("moved");
  await world.pass(60_000);
  expect(world.goneIds).toEqual([1n]);
});

test("what is left of long leases is written down, and a new leader goes on from there", async () => {
  const world = new World();
  world.lessor.promote(term(1), 0);
  world.grant(1n, 3600);
  world.grant(2n, 60);
  await world.pass(10 * 60_000 - 1);
  world.lessor.demote();
  expect(world.checkpoints.flat()).toEqual([{ id: 1n, remainingSeconds: 3300 }]);
  world.lessor.promote(term(1), 0);
  expect(world.lessor.remainingMs(1n)).toBe(3300_000);
  await world.lessor.renew(1n, world.nowMs);
  expect(world.rows.get(1n)!.remainingSeconds).toBe(0);
});

test("who extends a lease is told so once a new leader would give it its whole time as well", async () => {
  const world = new World();
  world.lessor.promote(term(1), 0);
  world.grant(1n, 3600);
  await world.pass(10 * 60_000 - 1);
  world.checkpointsFail = true;
  await expect(world.lessor.renew(1n, world.nowMs)).rejects.toThrow("no leader");
  world.checkpointsFail = false;
  expect(await world.lessor.renew(1n, world.nowMs)).toBe(3600);
  expect(world.rows.get(1n)!.remainingSeconds).toBe(0);
});

test("what was about to be written down is not, once this member leads in another term", async () => {
  const world = new World();
  world.lessor.promote(term(1), 0);
  for (let id = 1n; id <= 1500n; id++) world.grant(id, 3600);
  world.checkpointed = () => {
    world.checkpointed = () => {};
    world.lessor.promote(term(2), 0);
  };
  await world.pass(5 * 60_000);
  expect(world.checkpoints.map(({ length }) => length)).toEqual([1000]);
});

test("thousands that end at once are ended a portion at a time", async () => {
  const world = new World();
  world.lessor.promote(term(1), 0);
  for (let id = 1n; id <= 2_000n; id++) world.grant(id, 5);
  await world.pass(6_000);
  expect(world.goneIds.length).toBe(2_000);
});

test("no lease ends early, and each ends soon after its time, whatever is granted, extended and taken away", async () => {
  const id = fc.bigInt({ min: 1n, max: 6n });
  const step = fc.oneof(
    fc.record({ kind: fc.constant("grant" as const), id, ttl: fc.integer({ min: 1, max: 20 }) }),
    fc.record({ kind: fc.constant("renew" as const), id }),
    fc.record({ kind: fc.constant("revoke" as const), id }),
    fc.record({ kind: fc.constant("pass" as const), ms: fc.integer({ min: 1, max: 15_000 }) }),
    fc.record({ kind: fc.constant("lead" as const), extendMs: fc.nat({ max: 500 }) }),
    fc.record({ kind: fc.constant("reach" as const), isReachable: fc.boolean() }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const world = new World();
      world.lessor.promote(term(1), 0);
      /** Until when each lives at the least. */
      const until = new Map<bigint, number>();
      for (const each of steps) {
        if (each.kind === "grant" && !world.rows.has(each.id)) {
          world.grant(each.id, each.ttl);
          until.set(each.id, world.nowMs + each.ttl * 1000);
        } else if (each.kind === "renew") {
          const isAlive =
            (world.lessor.remainingMs(each.id) ?? 0) > 0 && (until.get(each.id) ?? 0) > world.nowMs;
          if (!isAlive) continue;
          const ttl = await world.lessor.renew(each.id, world.nowMs);
          until.set(each.id, world.nowMs + Number(ttl) * 1000);
        } else if (each.kind === "revoke" && world.rows.delete(each.id)) {
          world.lessor.revoked(each.id);
          until.delete(each.id);
        } else if (each.kind === "pass") await world.pass(each.ms);
        else if (each.kind === "lead") {
          world.lessor.promote(term(1), each.extendMs);
          for (const { id: of, ttlSeconds } of world.rows.values()) {
            until.set(of, world.nowMs + ttlSeconds * 1000 + each.extendMs);
          }
        } else if (each.kind === "reach") ({ isReachable: world.isReachable } = each);
        for (const { id: of, atMs } of world.revoked.splice(0)) {
          expect(atMs).toBeGreaterThanOrEqual(until.get(of)!);
          until.delete(of);
        }
      }
      world.isReachable = true;
      await world.pass(21_000 + 500);
      expect(world.rows.size).toBe(0);
    }),
    { numRuns: 200 },
  );
});
