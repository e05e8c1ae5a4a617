import { FUTURE_MS_MAX, HybridClock, LatticeError, toHex, utf8, type Signer } from "@lattice/model";
import { kvstore, type KvStoreClient } from "@lattice/kvstore";
import { MemoryStorage } from "@lattice/storage";
import type { StoreType, StreamContext } from "@lattice/store";
import { Role } from "@lattice/systemstore";
import { describe, expect, it } from "vitest";
import { LOG_TABLES, stateTables, Store, toBatches, type StoreListener } from "../src/index.ts";
import { OWN_CHAIN_PATIENCE_MS } from "../src/limits.ts";
import { begin } from "../src/open-store.ts";
import { kvstore3 } from "./oracle.ts";
import {
  FakeClock,
  ms,
  noRandom,
  picture,
  put,
  setSchemaOps,
  signerNamed,
  START_MS,
  World,
} from "./world.ts";

const world = new World();
const { owner, first } = world;

/** A disk that answers when it is told to, or at once. */
class Disk {
  held = false;
  fault: LatticeError | undefined;
  failsOnce = false;
  flushes = 0;
  #waiting: (() => void)[] = [];

  readonly sync = async (): Promise<void> => {
    this.flushes += 1;
    if (this.held) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    const { fault } = this;
    if (this.failsOnce) this.fault = undefined;
    if (fault !== undefined) throw fault;
  };

  release(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

const full = new LatticeError("disk-full", "no room");

interface Parts {
  logDisk: Disk;
  stateDisk: Disk;
  log: MemoryStorage;
  state: MemoryStorage;
  signer: Signer;
  type: StoreType<KvStoreClient>;
}

async function open(given: Partial<Parts> = {}) {
  const logDisk = given.logDisk ?? new Disk();
  const stateDisk = given.stateDisk ?? new Disk();
  const type = given.type ?? kvstore;
  const log = given.log ?? new MemoryStorage({ tables: LOG_TABLES, disk: logDisk.sync });
  if (given.log === undefined) begin(log, world.genesis, noRandom);
  const state = given.state ?? new MemoryStorage({ tables: stateTables(type), disk: stateDisk.sync });
  const clock = new FakeClock();
  const signer = given.signer ?? owner;
  const instance = new Uint8Array(8).fill(5);
  const store = new Store({ log, state, type, signer, clock, hlc: new HybridClock(clock), instance });
  await store.catchUp();
  await settle();
  return { store, log, state, logDisk, stateDisk, clock };
}

/** What a listener was told, in order. */
function heard(store: Store<KvStoreClient>): string[] {
  const told: string[] = [];
  const listener: StoreListener = {
    witnessed: (wseq) => told.push(`witnessed ${wseq}`),
    systemChanged: () => told.push("system"),
    forked: (author) => told.push(`forked ${toHex(author).slice(0, 4)}`),
    projectionPaused: (reason) => told.push(reason === "" ? "goes on" : "paused"),
    diskFull: () => told.push("full"),
    diskRecovered: () => told.push("room"),
    failed: ({ code }) => told.push(`failed ${code}`),
  };
  store.listen(listener);
  return told;
}

const key = utf8("k");
const put1 = (store: Store<KvStoreClient>, value: string) => store.methods.put({ key, value: utf8(value) });

async function valueOf(store: Store<KvStoreClient>): Promise<string | undefined> {
  const { value } = await store.methods.get({ key });
  return value && new TextDecoder().decode(value);
}

/** Lets everything that can go on do so. */
async function settle(): Promise<void> {
  for (let n = 0; n < 200; n++) await Promise.resolve();
}

describe("what is acknowledged", () => {
  it("is on disk, and nobody hears of it before", async () => {
    const { store, log, logDisk } = await open();
    const told = heard(store);
    const stream = store.methods.watch({})[Symbol.asyncIterator]();
    expect((await stream.next()).value!.kind).toBe(3);
    logDisk.held = true;
    let isDone = false;
    let hasTold = false;
    const writing = put1(store, "one").then(() => (isDone = true));
    const telling = stream.next().then(() => (hasTold = true));
    await settle();
    expect([isDone, hasTold, told, store.durableWseq]).toEqual([false, false, [], 1]);
    logDisk.held = false;
    logDisk.release();
    await Promise.all([writing, telling]);
    expect([told, store.durableWseq]).toEqual([["witnessed 2"], 2]);
    const again = await open({ log: log.crash() });
    expect(await valueOf(again.store)).toBe("one");
  });

  it("survives a crash with its state, at any moment between", async () => {
    const { store, log, state, logDisk, stateDisk } = await open();
    await put1(store, "one");
    await settle();
    stateDisk.held = true;
    await put1(store, "two");
    logDisk.held = true;
    void put1(store, "three").catch(() => undefined);
    await settle();
    logDisk.held = stateDisk.held = false;
    const after = await open({ log: log.crash(), state: state.crash() });
    expect(await valueOf(after.store)).toBe("two");
    expect(after.store.log.head.wseq).toBe(3);
    logDisk.release();
    stateDisk.release();
  });
});

describe("writes that come together", () => {
  it("share one flush and next to no signatures, and all are provable", async () => {
    let signatures = 0;
    const sign = (message: Uint8Array) => {
      signatures += 1;
      return owner.sign(message);
    };
    const signer = { publicKey: owner.publicKey, sign };
    const { store, logDisk } = await open({ signer });
    const before = logDisk.flushes;
    await Promise.all([...Array(64).keys()].map((n) => store.methods.put({ key: utf8(`${n}`), value: key })));
    expect(logDisk.flushes - before).toBe(1);
    expect(signatures).toBeLessThanOrEqual(2);
    const other = world.replica();
    for (const { items } of toBatches(store.log, store.log.records({ from: 2 }))) other.ingest(items);
    expect(picture(other)).toEqual(picture(store.replica));
    expect(other.log.head.wseq).toBe(65);
  });

  it("while a flush is under way share the next one", async () => {
    const { store, logDisk } = await open();
    logDisk.held = true;
    const one = put1(store, "one");
    await settle();
    const more = [put1(store, "two"), put1(store, "three")];
    await settle();
    const before = logDisk.flushes;
    logDisk.held = false;
    logDisk.release();
    await Promise.all([one, ...more]);
    expect(logDisk.flushes - before).toBe(1);
  });

  it("are never forgotten, however they fall between two flushes", async () => {
    const { store } = await open();
    for (let delay = 0; delay < 60; delay++) {
      await put1(store, `first ${delay}`);
      for (let n = 0; n < delay; n++) await Promise.resolve();
      await put1(store, `second ${delay}`);
    }
    expect(store.durableWseq).toBe(121);
  });
});

describe("a full disk", () => {
  it("takes a write back whole, tells so, and does not stand in the way of the next", async () => {
    const { store, log, logDisk } = await open();
    await put1(store, "kept");
    const told = heard(store);
    const before = picture(store.replica);
    logDisk.fault = full;
    await expect(put1(store, "lost")).rejects.toMatchObject({ code: "disk-full" });
    expect(picture(store.replica)).toEqual(before);
    expect(await valueOf(store)).toBe("kept");
    expect([store.isDiskFull, told]).toEqual([true, ["full"]]);
    logDisk.fault = undefined;
    await put1(store, "later");
    await settle();
    expect([store.isDiskFull, told]).toEqual([false, ["full", "witnessed 3", "room"]]);
    const want = picture(store.replica);
    const after = await open({ log: log.crash() });
    expect(await valueOf(after.store)).toBe("later");
    expect(picture(after.store.replica)).toEqual(want);
  });

  it("rejects those who wrote while it was failing, and nobody who writes when they hear of it", async () => {
    const { store, logDisk } = await open();
    logDisk.held = true;
    logDisk.fault = full;
    logDisk.failsOnce = true;
    const one = put1(store, "one");
    await settle();
    const two = put1(store, "two");
    const retry = one.catch(() => put1(store, "retry"));
    logDisk.held = false;
    logDisk.release();
    await expect(two).rejects.toMatchObject({ code: "disk-full" });
    await retry;
    expect(await valueOf(store)).toBe("retry");
    expect(store.log.head.wseq).toBe(2);
  });

  it("takes back what peers sent, which comes again", async () => {
    const { store, logDisk } = await open();
    const alice = signerNamed("alice");
    const items = [world.admit(alice), world.forge(alice, first)];
    const before = picture(store.replica);
    logDisk.fault = full;
    await expect(store.ingest(items)).rejects.toMatchObject({ code: "disk-full" });
    expect(picture(store.replica)).toEqual(before);
    logDisk.fault = undefined;
    expect((await store.ingest(items)).witnessed).toHaveLength(2);
  });

  it("tells streams that they may have read what is gone", async () => {
    const { store, logDisk } = await open();
    const stream = store.methods.watch({})[Symbol.asyncIterator]();
    expect((await stream.next()).value!.kind).toBe(3);
    logDisk.fault = full;
    await expect(put1(store, "lost")).rejects.toMatchObject({ code: "disk-full" });
    // A gap, then all of the state, which is empty.
    expect([(await stream.next()).value!.kind, (await stream.next()).value!.kind]).toEqual([4, 3]);
  });

  /** The storage rolls back some turns before the store hears that the flush has failed; one of these turns is hit. */
  it.each(["log", "state"] as const)(
    "of the %s is taken back before anything is built on it",
    async (which) => {
      for (let turns = 0; turns < 12; turns++) {
        const { store, log, logDisk, stateDisk } = await open();
        const disk = which === "log" ? logDisk : stateDisk;
        Object.assign(disk, { held: true, fault: full, failsOnce: true });
        const first = Promise.allSettled([put1(store, "first")]);
        await settle();
        disk.held = false;
        disk.release();
        for (let turn = 0; turn < turns; turn++) await Promise.resolve();
        const outcomes = [...(await Promise.allSettled([put1(store, "second")])), ...(await first)];
        await settle();
        const taken = outcomes.filter(({ status }) => status === "fulfilled").length;
        expect(store.log.head.wseq).toBe(1 + taken);
        const want = picture(store.replica);
        const after = await open({ log: log.crash() });
        expect(picture(after.store.replica)).toEqual(want);
        expect(after.store.digest()).toEqual(store.digest());
      }
    },
  );

  it("of the state only costs time", async () => {
    const { store, log, stateDisk } = await open();
    stateDisk.fault = full;
    await put1(store, "one");
    await put1(store, "two");
    await settle();
    expect(await valueOf(store)).toBe("two");
    expect(store.isDiskFull).toBe(true);
    stateDisk.fault = undefined;
    await put1(store, "three");
    await settle();
    expect(store.isDiskFull).toBe(false);
    const want = picture(store.replica);
    const after = await open({ log: log.crash() });
    expect(picture(after.store.replica)).toEqual(want);
  });
});

describe("another fault", () => {
  const broken = new LatticeError("internal", "input/output error");

  it("of the log closes the store, and the writer learns why", async () => {
    const { store, logDisk } = await open();
    const told = heard(store);
    logDisk.fault = broken;
    await expect(put1(store, "one")).rejects.toMatchObject({ code: "internal" });
    await expect(put1(store, "two")).rejects.toMatchObject({ code: "internal" });
    expect(told).toEqual(["failed internal"]);
  });

  it("of the state closes the store; what was acknowledged stays so", async () => {
    const { store, log, stateDisk } = await open();
    const told = heard(store);
    stateDisk.fault = broken;
    await put1(store, "one");
    await settle();
    expect(told).toEqual(["witnessed 2", "failed internal"]);
    await expect(put1(store, "two")).rejects.toMatchObject({ code: "internal" });
    const after = await open({ log: log.crash() });
    expect(await valueOf(after.store)).toBe("one");
  });

  it("of a listener does not leave a writer waiting for ever", async () => {
    const { store } = await open();
    store.listen({
      witnessed: () => {
        throw new Error("a listener");
      },
    });
    await put1(store, "one");
    await settle();
    await expect(put1(store, "two")).rejects.toMatchObject({ code: "internal" });
  });

  it("while the state is closed lets go of the log all the same", async () => {
    const { store, log, stateDisk } = await open();
    stateDisk.fault = broken;
    await expect(store.close()).rejects.toMatchObject({ code: "internal" });
    await expect(log.flush()).rejects.toMatchObject({ code: "closed" });
  });
});

describe("streams", () => {
  type Context = StreamContext<unknown, unknown>;

  /** A kvstore whose `watch` shows what it is given. */
  function shown(onContext: (context: Context) => void): StoreType<KvStoreClient> {
    const watch = kvstore.methods.get("watch")!;
    if (watch.kind !== "stream") throw new Error("watch is a stream");
    const run: typeof watch.run = (context, request, signal) => {
      onContext(context);
      return watch.run(context, request, signal);
    };
    return { ...kvstore, methods: new Map([...kvstore.methods, ["watch", { ...watch, run }]]) };
  }

  /** A store, and what its streams are given. */
  async function raw(given: { log?: MemoryStorage; state?: MemoryStorage } = {}) {
    const contexts: Context[] = [];
    const opened = await open({ ...given, type: shown((context) => contexts.push(context)) });
    await opened.store.methods.watch({})[Symbol.asyncIterator]().next();
    return { ...opened, context: contexts[0]! };
  }

  it("give a gap to who lags by more than is kept", async () => {
    const { store, context } = await raw();
    const changes = context.changes(new AbortController().signal)[Symbol.asyncIterator]();
    await Promise.all(
      [...Array(1030).keys()].map((n) => store.methods.put({ key: utf8(`${n}`), value: key })),
    );
    let last = (await changes.next()).value!;
    expect(last.kind).toBe("gap");
    while (last.position[15] !== (store.log.head.wseq & 0xff)) last = (await changes.next()).value!;
    expect(last.position).toEqual(context.position());
  });

  it("go on from a position, also when the store was opened again, but not in another copy", async () => {
    const { store, context, log, state } = await raw();
    await put1(store, "one");
    const position = context.position();
    await put1(store, "two");
    expect([...context.opsSince(position)!]).toHaveLength(1);
    expect([...context.opsSince(context.position())!]).toEqual([]);
    for (const foreign of [
      new Uint8Array(16),
      new Uint8Array(0),
      position.with(0, position[0]! ^ 1),
      position.with(15, 99),
    ]) {
      expect(context.opsSince(foreign)).toBeUndefined();
    }
    await settle();
    const again = await raw({ log: log.crash(), state: state.crash() });
    expect([...again.context.opsSince(position)!]).toHaveLength(1);
  });

  it("do not go on from a position of what a crash took, even if something else stands there", async () => {
    const { store, context, log, logDisk } = await raw();
    await put1(store, "one");
    logDisk.held = true;
    void put1(store, "lost").catch(() => undefined);
    const position = context.position();
    logDisk.held = false;
    const again = await open({ log: log.crash() });
    await put1(again.store, "instead");
    await put1(again.store, "more");
    expect((await raw({ log: again.log })).context.opsSince(position)).toBeUndefined();
    logDisk.release();
  });

  it("end when the store is closed, when the caller has enough, and when it is told to stop", async () => {
    const { store } = await open();
    const one = store.methods.watch({})[Symbol.asyncIterator]();
    await one.next();
    const stop = new AbortController();
    const two = store.methods.watch({}, { signal: stop.signal })[Symbol.asyncIterator]();
    await two.next();
    const pending = [one.next(), two.next()];
    stop.abort();
    expect((await pending[1]!).done).toBe(true);
    await store.close();
    expect((await pending[0]!).done).toBe(true);
    await store.close();
    await expect(put1(store, "late")).rejects.toMatchObject({ code: "closed" });
    expect(() => store.subscribe("watch", {})).toThrow(/closed/);
  });
});

describe("a restored backup", () => {
  it("does not write until it holds its own chain again, and forks nothing", async () => {
    const { store } = await open();
    const peer = signerNamed("peer").publicKey;
    const ahead = [1, 2].reduce<ReturnType<World["forge"]>[]>(
      (chain) => [...chain, world.forge(owner, chain.at(-1)?.intention ?? first, { ops: put("k", "ahead") })],
      [],
    );
    store.replica.noteOwnSeqElsewhere(peer, 2);
    await expect(put1(store, "fork")).rejects.toMatchObject({ code: "unavailable", retry: true });
    await store.ingest([ahead[0]!]);
    await expect(put1(store, "fork")).rejects.toMatchObject({ code: "unavailable" });
    await store.ingest([ahead[1]!]);
    await put1(store, "after");
    expect(store.log.forkCount()).toBe(0);
    expect(store.replica.ownTip().seq).toBe(3);
  });

  it("is not stopped by a peer that is gone, or that lies and has nothing more to send", async () => {
    const { store } = await open();
    const peer = signerNamed("peer").publicKey;
    store.replica.noteOwnSeqElsewhere(peer, 1000);
    await expect(put1(store, "no")).rejects.toMatchObject({ code: "unavailable" });
    store.replica.forgetPeer(peer);
    await put1(store, "yes");
  });

  it("waits for what lies below its own floats, and not for ever", async () => {
    const { store, clock } = await open();
    const lost = world.forge(owner, first, { ops: put("k", "lost") });
    const left = world.forge(owner, lost.intention, { ops: put("k", "left") });
    clock.ms += OWN_CHAIN_PATIENCE_MS;
    await store.ingest([left]);
    await expect(put1(store, "no")).rejects.toMatchObject({ code: "unavailable" });
    clock.ms += OWN_CHAIN_PATIENCE_MS;
    await put1(store, "yes");
    await store.ingest([lost]);
    expect(store.replica.floating.count).toBe(0);
    expect(store.log.forkCount()).toBe(1);
  });

  it("takes back its own from before its clock was set back, and goes on from there", async () => {
    const { store, clock } = await open();
    const lost = world.forge(owner, first, { ops: put("k", "lost") });
    clock.ms -= 2 * FUTURE_MS_MAX;
    await store.ingest([lost]);
    expect(store.replica.floating.count).toBe(0);
    await put1(store, "next");
    expect(store.log.forkCount()).toBe(0);
    expect(store.replica.ownTip().seq).toBe(2);
  });

  it("merges the two ends of its own fork, in one turn with the write that made it", async () => {
    const { store } = await open();
    const told = heard(store);
    const elsewhere = world.forge(owner, first, { timestamp: ms(START_MS + 60_000) });
    await Promise.all([put1(store, "here"), store.ingest([elsewhere])]);
    expect(told).toContain(`forked ${toHex(owner.publicKey).slice(0, 4)}`);
    expect(
      store.log.tipsOf(owner.publicKey).every(({ id }) => store.log.get(id)!.signature !== undefined),
    ).toBe(true);
    await put1(store, "merged");
    expect(store.log.heads()).toHaveLength(1);
    const other = world.replica();
    for (const { items } of toBatches(store.log, store.log.records({ from: 2 }))) {
      expect(other.ingest(items).report.rejectedByReason.size).toBe(0);
    }
    expect(picture(other)).toEqual(picture(store.replica));
  });
});

describe("a store", () => {
  it("tells that it waits for an update, and goes on with it", async () => {
    const { store, log, state } = await open();
    const told = heard(store);
    const raise = world.forge(owner, first, { ops: setSchemaOps(2) });
    await store.ingest([raise, world.forge(owner, raise.intention, { ops: put("k", "new", 2) })]);
    expect(told).toContain("paused");
    const updated = await open({ log: log.crash(), state: state.crash(), type: kvstore3 });
    expect(await valueOf(updated.store)).toBe("new");
  });

  it("writes by the schema that is agreed, not by the one that it knows", async () => {
    const { store } = await open({ type: kvstore3 });
    await put1(store, "one");
    expect(store.replica.projection.poisonCount()).toBe(0);
    await store.submitSystem({ oneofKind: "setSchema", setSchema: { schema: 2 } });
    await put1(store, "two");
    expect(await valueOf(store)).toBe("two");
    expect(store.replica.projection.poisonCount()).toBe(0);
  });

  it("refuses what is too large and what a reader writes, and has changed nothing", async () => {
    const { store } = await open({ signer: signerNamed("reader") });
    const before = picture(store.replica);
    await store.ingest([world.admit(signerNamed("reader"), Role.READER)]);
    await expect(put1(store, "v")).rejects.toMatchObject({ code: "permission-denied" });
    const own = await open();
    const writes = [{ key, value: new Uint8Array(1 << 20), supersedes: [] }];
    await expect(own.store.submit({ writes })).rejects.toMatchObject({ code: "too-large" });
    expect(picture(own.store.replica)).toEqual(before);
  });

  it("counts what it rejects", async () => {
    const { store } = await open();
    await store.ingest([{ body: new Uint8Array(3), signature: undefined }]);
    await store.ingest([{ body: world.forge(owner, first).body, signature: undefined }]);
    expect(Object.fromEntries(store.rejectedByReason)).toEqual({ length: 1, "batch-rule": 1 });
  });
});
