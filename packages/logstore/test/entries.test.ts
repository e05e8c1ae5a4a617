import { toHex, utf8 } from "@lattice/model";
import type { MemoryReplica } from "@lattice/testkit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CONTENT_BYTES_MAX, type LogStoreClient } from "@lattice/logstore";
import { append, contents, replica, text, type LogReplica } from "./replica.ts";

async function withEntries(count: number): Promise<LogReplica> {
  const alice = replica("alice");
  for (let index = 0; index < count; index++) await append(alice, `${index}`);
  return alice;
}

describe("append", () => {
  it("adds entries with their time, author and hash, many in one millisecond", async () => {
    const alice = replica("alice", 7);
    const { hash } = await append(alice, "a");
    await append(alice, "b");
    const { entries } = await alice.methods.read({});
    expect(entries.map(text)).toEqual(["a", "b"]);
    expect(entries.map((entry) => entry.timeMs)).toEqual([7n, 7n]);
    expect(toHex(entries[0]!.author)).toBe(toHex(alice.author));
    expect(toHex(entries[0]!.hash)).toBe(toHex(hash));
    expect(entries[0]!.cursor).toHaveLength(48);
  });

  it("takes an empty entry, and 512 KiB, and no more", async () => {
    const alice = await withEntries(0);
    await append(alice, "");
    await alice.methods.append({ content: new Uint8Array(CONTENT_BYTES_MAX) });
    await expect(
      alice.methods.append({ content: new Uint8Array(CONTENT_BYTES_MAX + 1) }),
    ).rejects.toMatchObject({
      code: "too-large",
      message: "the entry has 524289 bytes; at most 524288 (512 KiB) are allowed",
    });
    expect((await alice.methods.count({})).count).toBe(2n);
  });

  it("by others at once falls in place by time", async () => {
    const [alice, bob] = [replica("alice", 10), replica("bob", 5)];
    await append(alice, "later");
    await append(bob, "earlier");
    alice.pull(bob);
    expect(await contents(alice)).toEqual(["earlier", "later"]);
  });

  it("refuses an entry over the limit", () => {
    const alice = replica("alice");
    const { op } = alice.submit({ content: new Uint8Array(CONTENT_BYTES_MAX + 1) });
    expect(alice.refused.get(toHex(op.id))).toContain(`${CONTENT_BYTES_MAX}`);
    expect(alice.state.dump()).toBe("");
  });
});

describe("read", () => {
  it("gives the tail in order, and backwards when asked to", async () => {
    const alice = await withEntries(5);
    expect(await contents(alice, { tail: 2 })).toEqual(["3", "4"]);
    expect(await contents(alice, { tail: 9 })).toEqual(["0", "1", "2", "3", "4"]);
    expect(await contents(alice, { tail: 2, reverse: true })).toEqual(["4", "3"]);
    await expect(alice.methods.read({ tail: 100_001 })).rejects.toMatchObject({ code: "invalid-argument" });
  });

  it("keeps to the time asked for", async () => {
    const alice = replica("alice", 10);
    await append(alice, "10");
    const bob = replica("bob", 20);
    await append(bob, "20");
    const carol = replica("carol", 30);
    await append(carol, "30");
    for (const other of [bob, carol]) alice.pull(other);
    expect(await contents(alice, { fromMs: 20n })).toEqual(["20", "30"]);
    expect(await contents(alice, { toMs: 20n })).toEqual(["10"]);
    expect(await contents(alice, { fromMs: 20n, toMs: 30n })).toEqual(["20"]);
    expect(await contents(alice, { fromMs: 30n, toMs: 20n })).toEqual([]);
    expect(await contents(alice, { fromMs: 1n << 60n })).toEqual([]);
    expect(await contents(alice, { toMs: 30n, tail: 1 })).toEqual(["20"]);
  });

  it("goes on behind an entry", async () => {
    const alice = await withEntries(4);
    const { entries } = await alice.methods.read({});
    expect(await contents(alice, { cursor: entries[1]!.cursor })).toEqual(["2", "3"]);
    expect(await contents(alice, { cursor: entries[1]!.cursor, reverse: true })).toEqual(["0"]);
    await expect(alice.methods.read({ cursor: new Uint8Array(3) })).rejects.toMatchObject({
      code: "invalid-argument",
    });
  });

  it("ends a page before its bytes outgrow a reply", async () => {
    const alice = replica("alice");
    for (let index = 0; index < 10; index++)
      await alice.methods.append({ content: new Uint8Array(CONTENT_BYTES_MAX) });
    const { entries, next } = await alice.methods.read({ tail: 9 });
    expect(entries.length).toBeLessThan(8);
    expect((await alice.methods.read({ tail: 9, cursor: next })).entries.length).toBe(9 - entries.length);
  });

  it("gives page by page what it gives at once", async () => {
    const request = fc.record({
      tail: fc.nat(12),
      fromMs: fc.bigInt(0n, 4n),
      toMs: fc.bigInt(0n, 4n),
      reverse: fc.boolean(),
      limit: fc.integer({ min: 1, max: 4 }),
    });
    const alice = replica("alice", 1);
    for (const ms of [1, 1, 2, 2, 2, 3, 3, 4]) {
      const other = replica(`author ${alice.log.length}`, ms);
      await append(other, `${alice.log.length}`);
      alice.pull(other);
    }
    await fc.assert(
      fc.asyncProperty(request, async (asked) => {
        const found: string[] = [];
        let cursor: Uint8Array = new Uint8Array();
        do {
          const page = await alice.methods.read({ ...asked, cursor });
          expect(page.entries.length).toBeLessThanOrEqual(asked.limit);
          found.push(...page.entries.map(text));
          cursor = page.next;
        } while (cursor.length > 0);
        const { entries } = await alice.methods.read({});
        const within = entries.filter(
          ({ timeMs }) => timeMs >= asked.fromMs && (asked.toMs === 0n || timeMs < asked.toMs),
        );
        const tail = asked.tail === 0 ? within : within.slice(-asked.tail);
        expect(found).toEqual((asked.reverse ? tail.reverse() : tail).map(text));
      }),
      { numRuns: 300 },
    );
  });
});

describe("core:logstore", () => {
  it("keeps every entry of a fork, whichever comes first", async () => {
    const branches = ["one", "two", "three"].map((content) =>
      replica("mallory").submit({ content: utf8(content) }),
    );
    const states = permutations(branches).map((order) => {
      const reader: MemoryReplica<LogStoreClient> = replica("reader");
      for (const entry of order) reader.apply(entry);
      return reader;
    });
    expect(new Set(states.map((reader) => reader.state.dump())).size).toBe(1);
    const all = await contents(states[0]!);
    expect([...all].sort()).toEqual(["one", "three", "two"]);
    const { next } = await states[0]!.methods.read({ limit: 2 });
    expect(await contents(states[0]!, { cursor: next })).toEqual(all.slice(2));
  });
});

function permutations<T>(items: readonly T[]): readonly T[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((item, index) =>
    permutations(items.toSpliced(index, 1)).map((rest) => [item, ...rest]),
  );
}
