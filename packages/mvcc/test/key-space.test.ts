import { etcdserverpb, type EtcdError } from "@lattice/etcd-proto";
import { utf8 } from "@lattice/model";
import { openLmdbStorage } from "@lattice/storage";
import { KEY_BYTES_MAX, KeySpace, MVCC_TABLES, type RangeResult } from "@lattice/mvcc";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { KEYS_PER_DELETE, KEYS_PER_STEP } from "../src/limits.ts";
import { refused, World } from "./world.ts";

const { DeleteRangeRequest, PutRequest, RangeRequest } = etcdserverpb;
const ALL = { rangeEnd: utf8("\0") };

function keyAt(index: number): string {
  return `key/${String(index).padStart(6, "0")}`;
}

function filled(count: number): World {
  const world = new World();
  world.write((writer) => {
    for (let index = 0; index < count; index++) {
      writer.put(PutRequest.create({ key: utf8(keyAt(index)), value: utf8(String(index)) }));
    }
  });
  return world;
}

describe("a put", () => {
  it.each([
    ["of an empty key", "", "", "emptyKey"],
    ["of a key that is too long", "k".repeat(KEY_BYTES_MAX + 1), "", "requestTooLarge"],
    ["of a value that is too long", "k", new Uint8Array(2 << 20), "requestTooLarge"],
  ] as const)("%s is refused, and there is no revision of it", (_, key, value, name) => {
    const world = new World();
    expect(world.put(key, value)).toEqual(refused(name));
    expect(world.keySpace.revision).toBe(1);
  });

  it("of the longest key, with a lease, and of the largest value is kept", () => {
    const world = new World();
    const key = "k".repeat(KEY_BYTES_MAX);
    world.write((writer) => writer.grantLease({ id: 7n, ttl: 60n }));
    world.put(key, new Uint8Array(1.5 * 2 ** 20).fill(1), { lease: 7n });
    expect([...world.keySpace.leaseKeys(7n)]).toEqual([utf8(key)]);
    expect(world.get(key)[0]).toHaveLength(key.length + 1 + 1.5 * 2 ** 20);
  });
});

describe("a long history of one key", () => {
  it("is read at any revision, by looking at few changes", () => {
    const world = new World();
    const count = 2_000;
    for (let index = 0; index < count; index++) world.put("a", String(index));
    let looks = 0;
    const keySpace = new KeySpace((name) => {
      const table = world.storage.table(name);
      const get = (key: Uint8Array) => {
        if (name === "mvcc.history") looks += 1;
        return table.get(key);
      };
      return { get, has: (key) => table.has(key), range: () => [], count: () => 0 };
    });
    let most = 0;
    for (let index = 0; index < count; index++) {
      looks = 0;
      const request = RangeRequest.create({ key: utf8("a"), revision: BigInt(index + 2) });
      const answer = keySpace.range(request) as etcdserverpb.RangeResponse;
      expect(answer.kvs[0]!.value).toEqual(utf8(String(index)));
      most = Math.max(most, looks);
    }
    // The square of the logarithm at the most.
    expect(most).toBeLessThan(60);
  });

  it("can be compacted and swept, and goes on", () => {
    const world = new World();
    for (let round = 0; round < 5; round++) {
      for (let index = 0; index < 300; index++) world.put("a", String(index));
      world.compact(world.keySpace.revision - 10);
      world.sweep(50);
      expect(world.get("a", { revision: BigInt(world.keySpace.revision - 10) })).toEqual(["a=289"]);
    }
    expect(world.rows("mvcc.history")).toBeLessThan(5);
  });
});

describe("a delete", () => {
  it("of more keys than are held in memory deletes all of them, in one revision", () => {
    const count = 2 * KEYS_PER_DELETE + 1;
    const world = filled(count);
    const request = DeleteRangeRequest.create({ key: utf8("key/"), rangeEnd: utf8("key0"), prevKv: true });
    const response = world.write((writer) => writer.deleteRange(request));
    expect(response.deleted).toBe(BigInt(count));
    expect(response.prevKvs).toHaveLength(count);
    expect(world.keySpace.revision).toBe(count + 2);
    const revisions = [...world.keySpace.eventsFrom(count + 2, { key: utf8("\0"), ...ALL })];
    expect(revisions.map(({ events }) => events.length)).toEqual([count]);
    expect(world.get("\0", ALL)).toEqual([]);
  });
});

describe("a compaction while the one before is still being swept", () => {
  it("forgets the deletes of the revision that the sweep stands in the middle of", () => {
    const world = filled(20);
    world.delete("key/", "key0");
    const deletedAt = world.keySpace.revision;
    world.compact(deletedAt);
    // All puts, and some of the deletes.
    expect(world.write((writer) => writer.sweep(25))).toBe(true);
    world.put("other");
    world.compact(deletedAt + 1);
    world.sweep(7);
    expect(world.rows("mvcc.keys")).toBe(1);
    expect(world.rows("mvcc.history")).toBe(1);
    expect(world.get("\0", ALL)).toEqual(["other="]);
  });
});

describe("a read in steps", () => {
  function stepsOf(
    world: World,
    request: Partial<etcdserverpb.RangeRequest>,
  ): Generator<void, RangeResult | EtcdError> {
    return world.keySpace.rangeInSteps(RangeRequest.create({ key: utf8("\0"), ...ALL, ...request }));
  }

  function finish(steps: Generator<void, RangeResult | EtcdError>): RangeResult | EtcdError {
    for (;;) {
      const { done, value } = steps.next();
      if (done) return value;
    }
  }

  it("sees the revision at which it began, whatever is written in between", () => {
    const world = filled(2 * KEYS_PER_STEP);
    const steps = stepsOf(world, {});
    let count = 0;
    for (;;) {
      const { done, value } = steps.next();
      if (done) {
        expect(value).toMatchObject({ count: 2 * KEYS_PER_STEP, revision: 2 * KEYS_PER_STEP + 1 });
        expect((value as RangeResult).keyValues).toHaveLength(2 * KEYS_PER_STEP);
        break;
      }
      count += 1;
      world.put(keyAt(0), "changed");
      world.delete(keyAt(2 * KEYS_PER_STEP - count));
      world.put(`new/${count}`);
    }
    expect(count).toBeGreaterThan(2);
  });

  it("begins anew where that revision is compacted, and is refused if it was asked for", () => {
    const world = filled(2 * KEYS_PER_STEP);
    const [any, one] = [stepsOf(world, {}), stepsOf(world, { revision: 5n })];
    any.next();
    one.next();
    world.put(keyAt(0), "changed");
    world.compact(world.keySpace.revision);
    expect(finish(any)).toMatchObject({ count: 2 * KEYS_PER_STEP, revision: 2 * KEYS_PER_STEP + 2 });
    expect(finish(one)).toEqual(refused("compacted"));
  });
});

describe("a hash in steps", () => {
  it("is that of the revision at which it began, and begins anew after a compaction", () => {
    const world = new World();
    const value = new Uint8Array(4_000);
    for (let index = 0; index < 250; index++) world.put(keyAt(index), value);
    const revision = world.keySpace.revision;
    const expected = world.keySpace.hash(0);
    const steps = world.keySpace.hashInSteps(0);
    steps.next();
    world.put(keyAt(0), "changed");
    let result = steps.next();
    while (!result.done) result = steps.next();
    expect(result.value).toEqual(expected);

    const interrupted = world.keySpace.hashInSteps(0);
    interrupted.next();
    world.compact(revision);
    result = interrupted.next();
    while (!result.done) result = interrupted.next();
    expect(result.value).toEqual(world.keySpace.hash(0));
    expect(result.value).not.toEqual(expected);
  });
});

describe("leases", () => {
  it("keep what was written down of the time that is left", () => {
    const world = new World();
    world.write((writer) => {
      writer.grantLease({ id: -5n, ttl: 60n });
      writer.grantLease({ id: 3n, ttl: 5n });
      writer.checkpointLeases([
        { id: -5n, remainingSeconds: 20 },
        { id: 9n, remainingSeconds: 1 },
      ]);
    });
    expect([...world.keySpace.leases()]).toEqual([
      { id: 3n, ttlSeconds: 5, remainingSeconds: 0 },
      { id: -5n, ttlSeconds: 60, remainingSeconds: 20 },
    ]);
    expect(world.keySpace.lease(9n)).toBeUndefined();
  });
});

it("is found again after a restart, over LMDB", async () => {
  const directory = mkdtempSync(join(tmpdir(), "lattice-mvcc-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const options = {
    path: join(directory, "state.db"),
    tables: MVCC_TABLES,
    durability: "checkpoint",
  } as const;
  const all = RangeRequest.create({ key: utf8("\0"), ...ALL });
  let last: unknown;
  for (let run = 0; run < 3; run++) {
    await using storage = openLmdbStorage(options);
    const keySpace = new KeySpace((name) => storage.table(name));
    const answers = (): unknown => ({ kvs: keySpace.range(all), hash: keySpace.hash(0) });
    expect(run === 0 ? undefined : answers()).toEqual(last);
    storage.transaction((table) =>
      keySpace.write(table, (writer) => {
        for (let index = 0; index < 200; index++) {
          writer.put(PutRequest.create({ key: utf8(`${index % 70}`), value: utf8(`${run} ${index}`) }));
        }
        writer.deleteRange(DeleteRangeRequest.create({ key: utf8("1"), rangeEnd: utf8("2") }));
        writer.compact({ revision: BigInt(writer.revision - 100) });
        while (writer.sweep(10));
      }),
    );
    await storage.checkpoint();
    last = answers();
  }
  expect.assertions(3);
});
