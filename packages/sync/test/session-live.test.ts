import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Club, connect, craft, put, setOf, stateOf } from "./stores.ts";
import { atRest } from "./wire.ts";

describe("what is written while a session stands", () => {
  it("is sent once, and not back", async () => {
    const club = await Club.of(2);
    const [a, b] = [await club.store(0), await club.store(1)];
    const { wire, end } = connect(a, b, club.clock);
    await atRest(wire);
    const before = wire.kinds.length;
    await put(a, "k", "1");
    await atRest(wire);
    await put(b, "k", "2");
    await atRest(wire);
    expect(wire.kinds.slice(before)).toEqual([
      ["batch", 0],
      ["batch", 1],
    ]);
    expect(stateOf(a)).toBe(stateOf(b));
    await end();
  });

  it("is sent once where the other side holds something back, too", async () => {
    const club = await Club.of(3);
    const [a, b] = [await club.store(0), await club.store(1)];
    const signer = club.signers[2]!;
    const missing = craft(a, { signer });
    await b.ingest([craft(a, { signer, prev: missing })]);
    expect(b.replica.floating.count).toBe(1);
    const { wire, end } = connect(a, b, club.clock);
    await atRest(wire);
    const before = wire.kinds.length;
    for (let write = 0; write < 3; write++) await put(a, "k", `${write}`);
    await atRest(wire);
    expect(wire.kinds.slice(before)).toEqual([
      ["batch", 0],
      ["batch", 0],
      ["batch", 0],
    ]);
    await end();
  });

  it("brings what it releases on the other side back to who lacks it", async () => {
    const club = await Club.of(3);
    const [a, b] = [await club.store(0), await club.store(1)];
    const signer = club.signers[2]!;
    const parent = craft(a, { signer });
    await b.ingest([craft(a, { signer, prev: parent })]);
    const { wire, end } = connect(a, b, club.clock);
    await atRest(wire);
    const compares = wire.count("fingerprint");
    await a.ingest([parent]);
    await atRest(wire);
    expect(wire.count("fingerprint")).toBe(compares);
    expect(setOf(a)).toBe(setOf(b));
    await end();
  });

  it("arrives by itself, whatever both write in whichever phase, and nothing comes twice", async () => {
    const club = await Club.of(2);
    const moment = fc.record({ at: fc.nat(24), who: fc.nat(1), count: fc.integer({ min: 1, max: 3 }) });
    const moments = fc.array(moment, { minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(moments, fc.nat(3), fc.nat(3), async (written, oneFirst, otherFirst) => {
        const stores = await Promise.all([club.store(0), club.store(1)]);
        for (const [who, count] of [oneFirst, otherFirst].entries()) {
          for (let write = 0; write < count; write++) await put(stores[who]!, "before", `${who} ${write}`);
        }
        const { wire, sides, end } = connect(stores[0], stores[1], club.clock);
        let isQuiet = true;
        wire.passes = (frameCount) => {
          for (const { at, who, count } of written) {
            if (at !== frameCount) continue;
            isQuiet &&= wire.count("fingerprint") === 0;
            for (let write = 0; write < count; write++) void put(stores[who]!, `${who}`, `${at} ${write}`);
          }
          return true;
        };
        await atRest(wire);
        expect(stateOf(stores[0])).toBe(stateOf(stores[1]));
        // A fingerprint cannot know what is written behind it.
        if (isQuiet) expect(wire.count("reconcile")).toBe(0);
        else expect(wire.count("reconcile")).toBeLessThan(9);
        if (wire.count("reconcile") > 0) return;
        const sent = sides.map(({ session }) => session.sent);
        const received = sides.map(({ session }) => session.received);
        expect(sent).toEqual(received.toReversed());
        await end();
      }),
      { numRuns: 60 },
    );
  });

  it("is not sent back where the batches are small and the peer's own lie between", async () => {
    const club = await Club.of(2);
    const [a, b] = [await club.store(0), await club.store(1)];
    const { wire, sides, end } = connect(a, b, club.clock);
    await atRest(wire);
    const value = "x".repeat(400_000);
    // In the time of one flush, so that both have much to send at once and it does not fit one batch.
    await Promise.all([put(a, "a1", value), put(b, "b1", value), put(a, "a2", value), put(b, "b2", value)]);
    await Promise.all([put(a, "a3", value), put(b, "b3", value), put(a, "a4", value), put(b, "b4", value)]);
    await atRest(wire);
    expect(sides.map(({ session }) => session.sent)).toEqual([4, 4]);
    expect(stateOf(a)).toBe(stateOf(b));
    await end();
  });

  it("goes along a chain of nodes in both directions", async () => {
    const club = await Club.of(3);
    const stores = await Promise.all([club.store(0), club.store(1), club.store(2)]);
    const links = [connect(stores[0], stores[1], club.clock), connect(stores[1], stores[2], club.clock)];
    const wires = links.map(({ wire }) => wire);
    await atRest(...wires);
    const before = wires.map((wire) => wire.count("batch"));
    await put(stores[0], "from the first", "1");
    await atRest(...wires);
    await put(stores[2], "from the last", "1");
    await atRest(...wires);
    expect(wires.map((wire, index) => wire.count("batch") - before[index]!)).toEqual([2, 2]);
    for (const store of stores) expect(stateOf(store)).toBe(stateOf(stores[0]));
    for (const { end } of links) await end();
  });

  it("comes to every node of a full mesh", async () => {
    const club = await Club.of(4);
    const stores = await Promise.all(club.signers.map((_, index) => club.store(index)));
    const links = stores.flatMap((a, at) => stores.slice(at + 1).map((b) => connect(a, b, club.clock)));
    const wires = links.map(({ wire }) => wire);
    await atRest(...wires);
    const before = wires.map((wire) => wire.count("batch"));
    await put(stores[0]!, "k", "v");
    await atRest(...wires);
    // At most once in each direction: two who do not know yet that the other has it.
    for (const [index, wire] of wires.entries()) expect(wire.count("batch") - before[index]!).toBeLessThan(3);
    await Promise.all(stores.map((store, index) => put(store, "k", `all at once ${index}`)));
    await atRest(...wires);
    for (const store of stores) expect(stateOf(store)).toBe(stateOf(stores[0]!));
    for (const { end } of links) await end();
  });
});

describe("nodes in any net", () => {
  it("come to hold the same, whoever writes when, and whichever link breaks and is made anew", async () => {
    const club = await Club.of(4);
    const step = fc.oneof(
      {
        weight: 5,
        arbitrary: fc.record({
          kind: fc.constant("write" as const),
          who: fc.nat(3),
          count: fc.integer({ min: 1, max: 3 }),
        }),
      },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant("break" as const), link: fc.nat(5) }) },
      {
        weight: 2,
        arbitrary: fc.record({ kind: fc.constant("wait" as const), turns: fc.integer({ min: 1, max: 3 }) }),
      },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.subarray([0, 1, 2, 3, 4, 5], { minLength: 1 }),
        fc.array(step, { maxLength: 20 }),
        async (chosen, steps) => {
          const stores = await Promise.all(club.signers.map((_, index) => club.store(index)));
          // A chain, so that all hang together, and whatever else.
          const pairs = [
            [0, 1],
            [1, 2],
            [2, 3],
            [0, 2],
            [0, 3],
            [1, 3],
          ].filter((_, at) => at < 3 || chosen.includes(at));
          const make = ([a, b]: readonly number[]) => connect(stores[a!]!, stores[b!]!, club.clock);
          const links = pairs.map(make);
          let writes = 0;
          for (const { kind, ...what } of steps) {
            if (kind === "write" && "who" in what) {
              for (let write = 0; write < what.count; write++)
                void put(stores[what.who]!, `k${writes % 3}`, `v${writes++}`);
            } else if (kind === "break" && "link" in what) {
              const at = what.link % links.length;
              links[at]!.wire.break();
              await links[at]!.end();
              links[at] = make(pairs[at]!);
            } else if ("turns" in what) {
              for (let turn = 0; turn < what.turns; turn++)
                await new Promise((resolve) => setImmediate(resolve));
            }
          }
          await atRest(...links.map(({ wire }) => wire));
          for (const store of stores) expect(stateOf(store)).toBe(stateOf(stores[0]!));
          for (const { end } of links) await end();
        },
      ),
      { numRuns: 40 },
    );
  });
});

describe("a comparison that is asked for", () => {
  it("does not reconcile what is on its way anyway", async () => {
    const club = await Club.of(2);
    const [a, b] = [await club.store(0), await club.store(1)];
    const { wire, sides, end } = connect(a, b, club.clock);
    await atRest(wire);
    await put(a, "k", "1");
    const result = sides[0].session.syncNow();
    await atRest(wire);
    expect((await result).same).toBe(true);
    expect(wire.count("reconcile")).toBe(0);
    await end();
  });

  it("is answered once both hold the same, with what was exchanged", async () => {
    const club = await Club.of(2);
    const [a, b] = [await club.store(0), await club.store(1)];
    await put(a, "a", "1");
    await put(b, "b", "1");
    const { wire, sides, end } = connect(a, b, club.clock);
    const results = sides.map(({ session }) => session.syncNow());
    await atRest(wire);
    expect(await Promise.all(results)).toEqual([
      { same: true, received: 1, sent: 1 },
      { same: true, received: 1, sent: 1 },
    ]);
    await end();
  });

  it("is not answered before what was found has been sent", async () => {
    const club = await Club.of(2);
    const [a, b] = [await club.store(0), await club.store(1)];
    const backup = await club.copy(a, 0);
    const value = "x".repeat(500_000);
    // A fork, so that only a reconciliation finds it; of several batches in both directions.
    for (let write = 0; write < 5; write++) await put(a, `left ${write}`, value);
    for (let write = 0; write < 4; write++) await put(backup, `right ${write}`, value);
    await b.ingest(
      [...backup.log.records({ from: 3 })].map(({ intention, signature }) => ({
        body: intention.body,
        signature,
      })),
    );
    const { wire, sides, end } = connect(a, b, club.clock);
    const results = sides.map(({ session }) => session.syncNow());
    await atRest(wire);
    expect((await Promise.all(results)).map(({ same }) => same)).toEqual([true, true]);
    // One after the debt, one after the reconciliation, and nothing sent twice.
    expect(sides.map(({ session }) => session.sent)).toEqual([5, 4]);
    expect(wire.count("reconciled")).toBe(2);
    await end();
  });
});
