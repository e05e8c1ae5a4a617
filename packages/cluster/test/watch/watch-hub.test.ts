import type { etcdserverpb } from "@lattice/etcd-proto";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { WatcherOptions } from "../../src/watch/watcher.ts";
import { isIn, settle, WatchWorld, type Change, type WatchClient } from "./watch-world.ts";

const ALL: WatcherOptions = {
  range: { key: Buffer.from("a"), end: Buffer.from("z") },
  from: 0,
  wantsPuts: true,
  wantsDeletes: true,
  wantsPrevious: false,
  wantsProgress: false,
  maySplit: false,
};

function told(responses: readonly etcdserverpb.WatchResponse[]): string[] {
  return responses.flatMap(({ events }) =>
    events.map(
      ({ type, kv, prevKv }) =>
        `${kv!.modRevision} ${Buffer.from(kv!.key).toString()}${type === 1 ? " gone" : `=${Buffer.from(kv!.value).toString()}`}` +
        (prevKv === undefined ? "" : ` was ${Buffer.from(prevKv.value).toString()}`),
    ),
  );
}

test("what happens is told at once, with the value before where that is wanted", () => {
  const world = new WatchWorld();
  const client = world.client();
  client.stream.create(0n, ALL);
  client.stream.create(0n, { ...ALL, wantsPrevious: true, wantsPuts: false });
  world.apply([[{ key: "b", value: "1" }]]);
  world.apply([
    [
      { key: "b", value: undefined },
      { key: "c", value: "2" },
    ],
  ]);
  expect(told(client.of(0n))).toEqual(["2 b=1", "3 b gone", "3 c=2"]);
  expect(told(client.of(1n))).toEqual(["3 b gone was 1"]);
  expect(client.of(0n).map(({ header }) => header!.revision)).toEqual([1n, 2n, 3n]);
  expect(client.of(0n)[0]).toMatchObject({
    created: true,
    header: { clusterId: 1n, memberId: 2n, raftTerm: 3n },
  });
});

test("ids are chosen, or the client's; one that is taken is refused in etcd's words", () => {
  const client = new WatchWorld().client();
  client.stream.create(7n, ALL);
  client.stream.create(7n, ALL);
  client.stream.create(0n, ALL);
  client.stream.create(0n, { ...ALL, range: { key: Buffer.from("b"), end: Buffer.from("b") } });
  expect(
    client.responses.map(({ watchId, created, canceled, cancelReason }) => [
      watchId,
      created,
      canceled,
      cancelReason,
    ]),
  ).toEqual([
    [7n, true, false, ""],
    [-1n, true, true, "mvcc: duplicate watch ID provided on the WatchStream"],
    [0n, true, false, ""],
    [-1n, true, true, "mvcc: watcher range is empty"],
  ]);
});

test("what begins before the compaction is cancelled, and told where it can begin", async () => {
  const world = new WatchWorld();
  for (let at = 0; at < 9; at++) world.apply([[{ key: "b", value: String(at) }]]);
  world.compact(6);
  const client = world.client();
  client.stream.create(0n, { ...ALL, from: 5 });
  client.stream.create(0n, { ...ALL, from: 6 });
  await settle();
  expect(client.of(0n).at(-1)).toMatchObject({ canceled: true, compactRevision: 6n, events: [] });
  expect(told(client.of(1n))).toEqual(["6 b=4", "7 b=5", "8 b=6", "9 b=7", "10 b=8"]);
});

test("progress is reported once all watches of the stream have come as far", async () => {
  const world = new WatchWorld();
  for (let at = 0; at < 5; at++) world.apply([[{ key: "b", value: String(at) }]]);
  const client = world.client();
  client.stream.create(0n, { ...ALL, from: 2 });
  client.stream.reportProgress();
  expect(client.of(-1n)).toEqual([]);
  await settle();
  const [progress] = client.of(-1n);
  expect(progress).toMatchObject({ header: { revision: 6n }, events: [] });
  expect(client.responses.indexOf(progress!)).toBeGreaterThan(
    client.responses.indexOf(client.of(0n).at(-1)!),
  );
});

test("a watch that begins further on than this member has come is told nothing from before, whatever the member is sent", async () => {
  const world = new WatchWorld();
  const client = world.client();
  client.stream.create(0n, { ...ALL, from: 5 });
  world.replace([[{ key: "b", value: "2" }]]);
  await settle();
  for (const value of ["3", "4", "5", "6"]) world.apply([[{ key: "b", value }]]);
  await settle();
  const told = client.of(0n).flatMap(({ events }) => events.map(({ kv }) => Number(kv!.modRevision)));
  expect(told).toEqual([5, 6]);
});

test("a watch that is told nothing is told how far it is, if it wants that", () => {
  const world = new WatchWorld();
  const client = world.client();
  client.stream.create(0n, { ...ALL, wantsProgress: true, range: { key: Buffer.from("b"), end: undefined } });
  client.stream.create(0n, ALL);
  world.apply([[{ key: "c", value: "1" }]]);
  client.stream.reportIdle();
  expect(client.of(0n).at(-1)).toMatchObject({ created: false, header: { revision: 2n }, events: [] });
  world.apply([[{ key: "b", value: "1" }]]);
  const before = client.responses.length;
  client.stream.reportIdle();
  expect(client.responses.length).toBe(before);
});

test("what is too large for one response comes in fragments, where the client takes them", () => {
  const world = new WatchWorld();
  const client = world.client();
  client.stream.create(0n, { ...ALL, maySplit: true });
  client.stream.create(0n, ALL);
  const value = "x".repeat(900_000);
  world.apply([["b", "c", "d", "e"].map((key) => ({ key, value }))]);
  const parts = client.of(0n).slice(1);
  expect(parts.map(({ fragment, events }) => [fragment, events.length])).toEqual([
    [true, 2],
    [false, 2],
  ]);
  expect(
    client
      .of(1n)
      .slice(1)
      .map(({ fragment, events }) => [fragment, events.length]),
  ).toEqual([[false, 4]]);
});

test("whoever takes nothing costs no more than what was sent already, and misses nothing", async () => {
  const world = new WatchWorld();
  const client = world.client();
  client.stream.create(0n, ALL);
  client.isTaking = false;
  const value = "x".repeat(100_000);
  for (let at = 0; at < 100; at++) world.apply([[{ key: "b", value }]]);
  const sentBytes = client.responses.reduce((sum, { events }) => sum + events.length * value.length, 0);
  expect(sentBytes).toBeLessThan(2_000_000);
  client.isTaking = true;
  await settle();
  await settle();
  expect(client.of(0n).flatMap(({ events }) => events.map(({ kv }) => Number(kv!.modRevision)))).toEqual(
    Array.from({ length: 100 }, (_, at) => at + 2),
  );
});

test("however many lag, others have their turn in between, and all catch up", async () => {
  const world = new WatchWorld();
  for (let at = 0; at < 300; at++) world.apply([[{ key: "b", value: String(at) }]]);
  const clients = Array.from({ length: 20 }, () => world.client());
  for (const client of clients) for (let at = 0; at < 5; at++) client.stream.create(0n, { ...ALL, from: 2 });
  const isBehind = (): boolean => clients.some((each) => told(each.responses).length < 5 * 300);
  let turns = 0;
  for (; isBehind(); turns++) {
    const before = world.readCount;
    await new Promise((resolve) => setImmediate(resolve));
    expect(world.readCount - before).toBeLessThanOrEqual(1_000 + 1);
  }
  expect(turns).toBeGreaterThan((20 * 5 * 300) / 1_001);
  expect(world.readCount).toBeGreaterThanOrEqual(20 * 5 * 300);
});

// Everything at once, against what each watch should have been told.

const keys = fc.constantFrom("a", "b", "ba", "bb", "c");
const change: fc.Arbitrary<Change> = fc.record({
  key: keys,
  value: fc.option(fc.constantFrom("1", "2"), { nil: undefined }),
});
const revision = fc.uniqueArray(change, { selector: ({ key }) => key, minLength: 1, maxLength: 3 });
const range = fc.oneof(
  keys.map((key) => ({ key: Buffer.from(key), end: undefined })),
  fc
    .tuple(keys, keys)
    .filter(([from, to]) => from < to)
    .map(([from, to]) => ({ key: Buffer.from(from), end: Buffer.from(to) })),
  keys.map((key) => ({ key: Buffer.from(key), end: Buffer.alloc(0) })),
);

type Step =
  | { readonly kind: "apply" | "replace"; readonly revisions: readonly (readonly Change[])[] }
  | {
      readonly kind: "watch";
      readonly client: number;
      readonly options: WatcherOptions;
      readonly back: number;
    }
  | { readonly kind: "cancel"; readonly client: number; readonly id: number }
  | { readonly kind: "take"; readonly client: number; readonly isTaking: boolean }
  | { readonly kind: "compact"; readonly back: number }
  | { readonly kind: "progress"; readonly client: number }
  | { readonly kind: "settle" };

const client = fc.nat({ max: 1 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("apply" as const),
      revisions: fc.array(revision, { minLength: 1, maxLength: 3 }),
    }),
  },
  fc.record({ kind: fc.constant("replace" as const), revisions: fc.array(revision, { maxLength: 3 }) }),
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("watch" as const),
      client,
      back: fc.integer({ min: -6, max: 8 }),
      options: fc.record({
        range,
        from: fc.constant(0),
        wantsPuts: fc.boolean(),
        wantsDeletes: fc.boolean(),
        wantsPrevious: fc.boolean(),
        wantsProgress: fc.boolean(),
        maySplit: fc.boolean(),
      }),
    }),
  },
  fc.record({ kind: fc.constant("cancel" as const), client, id: fc.nat({ max: 5 }) }),
  fc.record({ kind: fc.constant("take" as const), client, isTaking: fc.boolean() }),
  fc.record({ kind: fc.constant("compact" as const), back: fc.nat({ max: 6 }) }),
  fc.record({ kind: fc.constant("progress" as const), client }),
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("settle" as const) }) },
);

interface Expected {
  readonly client: WatchClient;
  readonly id: bigint;
  readonly options: WatcherOptions;
  readonly from: number;
  /** Nothing later is to come. */
  cancelledAt: number | undefined;
}

test("each watch is told every event of its range once, in order, each revision whole, and may be cancelled only by compaction", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const world = new WatchWorld();
      const clients = [world.client(0), world.client(100)];
      const history: { revision: number; changes: readonly Change[] }[] = [];
      const watches: Expected[] = [];
      for (const each of steps) await run(each, { world, clients, history, watches });
      for (const one of clients) one.isTaking = true;
      await settle();
      for (const watch of watches) judge(watch, world, history);
    }),
    { numRuns: 300 },
  );
});

interface Run {
  readonly world: WatchWorld;
  readonly clients: readonly WatchClient[];
  readonly history: { revision: number; changes: readonly Change[] }[];
  readonly watches: Expected[];
}

async function run(each: Step, { world, clients, history, watches }: Run): Promise<void> {
  switch (each.kind) {
    case "apply":
    case "replace":
      for (const [at, changes] of each.revisions.entries())
        history.push({ revision: world.revision + at + 1, changes });
      world[each.kind](each.revisions);
      return;
    case "watch": {
      const one = clients[each.client]!;
      const from = Math.max(1, world.revision + 1 - each.back);
      const before = one.responses.length;
      one.stream.create(0n, { ...each.options, from });
      const id = one.responses.slice(before).find(({ created }) => created)!.watchId;
      watches.push({ client: one, id, options: each.options, from, cancelledAt: undefined });
      return;
    }
    case "cancel": {
      const one = clients[each.client]!;
      one.stream.cancel(BigInt(each.id));
      const watch = watches.find(({ client: of, id }) => of === one && id === BigInt(each.id));
      if (watch !== undefined) watch.cancelledAt ??= world.revision;
      return;
    }
    case "take":
      clients[each.client]!.isTaking = each.isTaking;
      return;
    case "compact":
      world.compact(world.revision - each.back);
      return;
    case "progress":
      clients[each.client]!.stream.reportProgress();
      return;
    case "settle":
      await settle();
  }
}

function judge(
  { client: one, id, options, from, cancelledAt }: Expected,
  world: WatchWorld,
  history: Run["history"],
): void {
  const responses = one.of(id);
  const end = responses.find(({ canceled }) => canceled);
  const wanted = history
    .filter(({ revision: at }) => at >= from)
    .map(({ revision: at, changes }) => ({
      at,
      events: changes
        .filter(
          ({ key, value }) =>
            isIn(options.range, Buffer.from(key)) &&
            (value === undefined ? options.wantsDeletes : options.wantsPuts),
        )
        .map(({ key, value }) => `${at} ${key}${value === undefined ? " gone" : `=${value}`}`),
    }))
    .filter(({ events }) => events.length > 0);
  const got = told(responses).map((text) => text.replace(/ was .*/, ""));
  const all = wanted.flatMap(({ events }) => events);
  // In order, once, without a gap: a beginning of what was to come.
  expect(got).toEqual(all.slice(0, got.length));
  // Whole revisions.
  for (const { events } of responses) {
    const last = events.at(-1)?.kv!.modRevision;
    if (last === undefined) continue;
    const whole = wanted.find(({ at }) => BigInt(at) === last)!.events;
    expect(
      told([{ events } as etcdserverpb.WatchResponse])
        .slice(-whole.length)
        .map((text) => text.replace(/ was .*/, "")),
    ).toEqual(whole);
  }
  if (end === undefined) expect(got.length).toBe(all.length);
  else if (end.compactRevision > 0n)
    expect(Number(end.compactRevision)).toBeLessThanOrEqual(world.firstRevision);
  else expect(cancelledAt).toBeDefined();
}
