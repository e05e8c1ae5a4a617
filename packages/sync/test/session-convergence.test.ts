import type { Store } from "@lattice/kernel";
import { bytesKey, equalBytes, parentsOf, signIntention } from "@lattice/model";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Club, connect, craft, put, setOf, stateOf, talk, talkAll, type Crafted } from "./stores.ts";
import { FakeClock } from "@lattice/testkit";
import { atRest } from "./wire.ts";

type Step =
  | { readonly kind: "write"; readonly who: number; readonly key: number; readonly count: number }
  | { readonly kind: "talk"; readonly a: number; readonly b: number; readonly cut: number | undefined }
  | { readonly kind: "backup"; readonly who: number }
  | { readonly kind: "restore"; readonly who: number };

function steps(nodes: number): fc.Arbitrary<Step[]> {
  const who = fc.nat(nodes - 1);
  const cut = fc.option(fc.nat(40), { nil: undefined });
  const step = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant("write" as const),
        who,
        key: fc.nat(2),
        count: fc.integer({ min: 1, max: 4 }),
      }),
    },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant("talk" as const), a: who, b: who, cut }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("backup" as const), who }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("restore" as const), who }) },
  );
  return fc.array(step, { maxLength: 25 });
}

/** Plays a history; every talk that is not cut must leave its two equal. */
async function play(club: Club, stores: Store[], history: readonly Step[]): Promise<void> {
  const backups = new Map<number, Store>();
  let writes = 0;
  for (const step of history) {
    club.clock.advance(1);
    if (step.kind === "write") {
      // In one turn, so that only the last is signed.
      await Promise.all(
        Array.from({ length: step.count }, () => put(stores[step.who]!, `k${step.key}`, `v${writes++}`)),
      );
    } else if (step.kind === "backup") {
      backups.set(step.who, await club.copy(stores[step.who]!, step.who));
    } else if (step.kind === "restore") {
      const backup = backups.get(step.who);
      if (backup !== undefined) stores[step.who] = await club.copy(backup, step.who);
    } else if (step.a !== step.b) {
      const { a, b, cut } = step;
      await talk(stores[a]!, stores[b]!, club.clock, (count) => cut === undefined || count < cut);
      if (cut === undefined) expect(stateOf(stores[a]!)).toBe(stateOf(stores[b]!));
    }
  }
}

describe("sessions between stores of one genesis", () => {
  it("make any histories equal, with forks, and cut after any frame", async () => {
    const clubs = await Promise.all([2, 3, 4].map((count) => Club.of(count)));
    const histories = fc
      .constantFrom(...clubs)
      .chain((club) => steps(club.signers.length).map((history) => ({ club, history })));
    await fc.assert(
      fc.asyncProperty(histories, async ({ club, history }) => {
        const stores = await Promise.all(club.signers.map((_, index) => club.store(index)));
        await play(club, stores, history);
        await talkAll(stores, club.clock);
        for (const store of stores) expect(stateOf(store)).toBe(stateOf(stores[0]!));
        for (const store of stores) expect(store.rejectedByReason.size).toBe(0);
      }),
      { numRuns: 80 },
    );
  });

  it("make two equal that hold any causally closed parts of one history, in one session", async () => {
    const club = await Club.of(4);
    const whole = await partedHistory(club);
    const base = (await club.store(0)).log.head.wseq;
    const records = [...whole.log.records({ from: base + 1 })];
    // In a log most are vouched for by a later one; a part of it needs a signature for each.
    const offered = records.map(({ intention }) => {
      const signer = club.signers.find(({ publicKey }) => equalBytes(publicKey, intention.author))!;
      return { body: intention.body, signature: signIntention(signer, intention.hash) };
    });
    const part = fc.array(fc.boolean(), { minLength: records.length, maxLength: records.length });
    await fc.assert(
      fc.asyncProperty(part, part, async (one, two) => {
        const stores = await Promise.all([club.store(1), club.store(2)]);
        for (const [at, wanted] of [one, two].entries()) {
          const held = new Set<string>();
          // From the end, so that what is needed is known when its turn comes.
          for (const [index, { intention }] of [...records.entries()].toReversed()) {
            if (wanted[index] !== true && !held.has(bytesKey(intention.id))) continue;
            for (const id of [intention.id, ...parentsOf(intention)]) held.add(bytesKey(id));
          }
          const items = records.flatMap(({ intention }, index) =>
            held.has(bytesKey(intention.id)) ? [offered[index]!] : [],
          );
          const report = await stores[at]!.ingest(items);
          expect(report.witnessed.length).toBe(items.length);
        }
        await talk(stores[0], stores[1], club.clock);
        expect(stateOf(stores[0])).toBe(stateOf(stores[1]));
      }),
      { numRuns: 40 },
    );
  });

  it("make two branches of one author equal, each held by another node, and both go on", async () => {
    const club = await Club.of(3);
    const author = await club.store(0);
    await put(author, "k", "before");
    const backup = await club.copy(author, 0);
    const [left, right] = [await club.store(1), await club.store(2)];
    for (let write = 0; write < 5; write++) await put(author, "k", `left ${write}`);
    for (let write = 0; write < 9; write++) await put(backup, "k", `right ${write}`);
    await talk(author, left, club.clock);
    await talk(backup, right, club.clock);
    await talk(left, right, club.clock);
    expect(stateOf(left)).toBe(stateOf(right));
    expect(left.log.forkCount()).toBe(1);
    await talk(backup, left, club.clock);
    await put(backup, "k", "after");
    await talk(backup, right, club.clock);
    expect(stateOf(backup)).toBe(stateOf(right));
  });

  it("carry over sixty-four heads and many authors", async () => {
    const club = await Club.of(150);
    const [a, b] = [await club.store(0), await club.store(1)];
    const writes = club.signers.map((signer, index) =>
      craft(a, { signer, key: `k${index % 20}`, timestamp: later(a, index) }),
    );
    await a.ingest(writes.slice(2, 80));
    await b.ingest(writes.slice(60));
    expect(a.log.heads().length).toBeGreaterThan(64);
    await talk(a, b, club.clock);
    expect(stateOf(a)).toBe(stateOf(b));
    await put(a, "k", "on all of them");
    expect(a.log.heads().length).toBe(1);
    await talk(a, b, club.clock);
    expect(stateOf(a)).toBe(stateOf(b));
  });

  it("send a debt of many batches whatever is written meanwhile", async () => {
    const club = await Club.of(2);
    const [a, b] = [await club.store(0), await club.store(1)];
    const large = "x".repeat(524_288);
    for (let write = 0; write < 6; write++) await put(a, `a${write}`, large);
    const { wire, end } = connect(a, b, club.clock);
    let batches = 0;
    wire.passes = () => {
      if (batches === 6 || wire.count("batch", 0) === batches) return true;
      batches = wire.count("batch", 0);
      void put(a, `during ${batches}`, "a");
      void put(b, `during ${batches}`, "b");
      return true;
    };
    await atRest(wire);
    expect(batches).toBe(6);
    expect(stateOf(a)).toBe(stateOf(b));
    await end();
  });

  it("carry what was written in one turn, however much it is", async () => {
    const club = await Club.of(2);
    const [a, b] = [await club.store(0), await club.store(1)];
    const large = "x".repeat(524_288);
    const live = connect(a, b, club.clock);
    await atRest(live.wire);
    // More than fits a frame, under one signature if nobody takes care.
    await Promise.all(Array.from({ length: 12 }, (_, write) => put(a, `a${write}`, large)));
    await atRest(live.wire);
    expect(live.wire.ends[0].isBroken).toBe(false);
    expect(stateOf(a)).toBe(stateOf(b));
    await live.end();
    await Promise.all(Array.from({ length: 3000 }, (_, write) => put(b, `b${write % 7}`, `${write}`)));
    await talk(a, b, club.clock);
    expect(stateOf(a)).toBe(stateOf(b));
  });

  it("send a fork in the middle of a debt once, and whole", async () => {
    const club = await Club.of(3);
    const [a, b] = [await club.store(0), await club.store(1)];
    const signer = club.signers[2]!;
    const value = new Uint8Array(700_000);
    let at = later(a, 1);
    const write = (prev: Crafted | undefined) => craft(a, { signer, prev, value, timestamp: at++ });
    const first = write(undefined);
    const left = [write(first)];
    const right = [write(first), write(first)];
    left.push(write(left[0]));
    for (const crafted of [first, ...left, ...right]) await a.ingest([crafted]);
    const wire = await talk(a, b, club.clock);
    expect(stateOf(a)).toBe(stateOf(b));
    expect(wire.count("batch")).toBe(5);
    expect(wire.count("reconcile")).toBe(0);
  });
});

describe("an intention that one side holds back, its time being ahead", () => {
  it("makes two sessions compare now and then, and no more, until its time has come", async () => {
    const club = await Club.of(3);
    const ahead = new FakeClock();
    ahead.advance(10 * 60_000);
    const [a, b] = [await club.store(0, { clock: ahead }), await club.store(1)];
    const future = craft(a, {
      signer: club.signers[2]!,
      timestamp: BigInt(club.clock.now() + 6 * 60_000) << 16n,
    });
    expect((await a.ingest([future])).witnessed.length).toBe(1);
    const { wire, sides, end } = connect(a, b, club.clock);
    await atRest(wire);
    expect(b.replica.floating.count).toBe(1);
    for (let interval = 0; interval < 4; interval++) {
      const before = wire.kinds.length;
      club.clock.advance(30_000);
      await atRest(wire);
      expect(wire.kinds.length - before).toBeLessThan(30);
    }
    const asked = sides.map(({ session }) => session.syncNow());
    await atRest(wire);
    expect((await Promise.all(asked)).map(({ same }) => same)).toEqual([false, false]);
    club.clock.advance(2 * 60_000);
    await b.reconsider();
    await atRest(wire);
    expect(stateOf(a)).toBe(stateOf(b));
    const again = sides.map(({ session }) => session.syncNow());
    await atRest(wire);
    expect((await Promise.all(again)).map(({ same }) => same)).toEqual([true, true]);
    await end();
  });
});

/** Four authors that saw each other now and then, one of them with a fork. */
async function partedHistory(club: Club): Promise<Store> {
  const stores = await Promise.all(club.signers.map((_, index) => club.store(index)));
  let backup: Store | undefined;
  for (let write = 0; write < 24; write++) {
    club.clock.advance(1);
    await put(stores[write % 4]!, `k${write % 3}`, `v${write}`);
    if (write % 5 === 0) await talk(stores[write % 4]!, stores[(write + 1) % 4]!, club.clock);
    if (write === 11) backup = await club.copy(stores[3]!, 3);
  }
  await put(backup!, "k0", "a fork");
  await put(backup!, "k1", "that goes on");
  stores.push(backup!);
  await talkAll(stores, club.clock);
  expect(setOf(stores[0]!)).toBe(setOf(backup!));
  return stores[0]!;
}

function later(store: Store, by: number): bigint {
  return store.log.head.maxTimestamp + BigInt(by);
}
