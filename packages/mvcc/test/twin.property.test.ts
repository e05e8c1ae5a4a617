/** The package against its plain twin, over random requests. */
import { EtcdError, etcdserverpb, mvccpb } from "@lattice/etcd-proto";
import { utf8 } from "@lattice/model";
import { MemoryStorage } from "@lattice/storage";
import {
  dumpTables,
  KeySpace,
  MVCC_TABLES,
  TableRestore,
  type KeyEvent,
  type KeySpaceWriter,
} from "@lattice/mvcc";
import fc from "fast-check";
import { expect, it } from "vitest";
import { crc32c } from "../src/crc32c.ts";
import { batches, rangeRequest, type Command } from "./commands.ts";
import { NaiveKeySpace, refusalOr } from "./naive-key-space.ts";

const RUNS = { numRuns: 300 };

class World {
  readonly storage = new MemoryStorage({ tables: MVCC_TABLES });
  readonly keySpace = new KeySpace((name) => this.storage.table(name));
  readonly told: KeyEvent[] = [];

  run(commands: readonly Command[]): unknown[] {
    return this.storage.transaction((table) =>
      this.keySpace.write(table, (writer) => commands.map((command) => perform(writer, command)), {
        onEvent: (event) => this.told.push(event),
      }),
    );
  }

  dump(): Uint8Array[] {
    return [...dumpTables((name) => this.storage.table(name), MVCC_TABLES)];
  }
}

function perform(writer: KeySpaceWriter, command: Command): unknown {
  switch (command.kind) {
    case "put":
      return writer.put(command.request);
    case "deleteRange":
      return writer.deleteRange(command.request);
    case "txn":
      return writer.txn(command.request);
    case "compact":
      return writer.compact({ revision: command.revision });
    case "sweep":
      writer.sweep(command.changesMax);
      return undefined;
    case "grant":
      return writer.grantLease({ id: command.id, ttl: command.ttl });
    case "revoke":
      return writer.revokeLease({ id: command.id });
  }
}

function performNaively(twin: NaiveKeySpace, command: Command): unknown {
  switch (command.kind) {
    case "put":
      return refusalOr(twin.put(command.request));
    case "deleteRange":
      return twin.deleteRange(command.request);
    case "txn":
      return refusalOr(twin.txn(command.request));
    case "compact":
      return refusalOr(twin.compact(command.revision));
    case "sweep":
      return undefined;
    case "grant":
      return refusalOr(twin.grant(command.id, command.ttl));
    case "revoke":
      return refusalOr(twin.revoke(command.id));
  }
}

it("every request gets the twin's answer, and every read at every revision", () => {
  const property = fc.property(
    batches,
    fc.array(rangeRequest, { minLength: 5, maxLength: 20 }),
    (all, reads) => {
      const world = new World();
      const twin = new NaiveKeySpace();
      for (const commands of all) {
        expect(world.run(commands)).toEqual(commands.map((command) => performNaively(twin, command)));
        expect(world.keySpace.revision).toBe(twin.revision);
        expect(world.keySpace.compactRevision).toBe(twin.compactRevision);
      }
      for (const read of reads) {
        const expected = refusalOr(twin.range(read));
        expect(world.keySpace.range(read)).toEqual(expected);
        expect(world.keySpace.readTxn(txnOf(read))).toEqual(refusalOr(twin.txn(txnOf(read))));
      }
      for (const id of [1n, 2n, -1n, 0x7fff_ffff_ffff_ffffn]) {
        expect(world.keySpace.lease(id) !== undefined).toBe(twin.leases.has(id));
        expect([...world.keySpace.leaseKeys(id)]).toEqual(twin.leaseKeys(id));
      }
    },
  );
  fc.assert(property, RUNS);
});

it("events, told or read later, are the twin's, with what was there before as long as that is not compacted", () => {
  const property = fc.property(batches, rangeRequest, (all, { key, rangeEnd }) => {
    const world = new World();
    const twin = new NaiveKeySpace();
    for (const commands of all) {
      world.run(commands);
      for (const command of commands) performNaively(twin, command);
    }
    const told = twin.eventsFrom(0, EVERYTHING);
    expect(world.told.map(({ revision }) => revision)).toEqual(told.map(({ revision }) => revision));
    expect(world.told.map((event) => decodeEvent(event, true))).toEqual(told.map(({ event }) => event));
    for (let from = Math.max(1, twin.compactRevision); from <= twin.revision + 1; from++) {
      const read = [...world.keySpace.eventsFrom(from, { key, rangeEnd })];
      const found = read.flatMap(({ revision, events }) =>
        events.map((event) => ({ revision, event: decodeEvent(event, true) })),
      );
      expect(found).toEqual(twin.eventsFrom(from, { key, rangeEnd }));
      expect(read.map(({ revision }) => revision)).toEqual([
        ...new Set(twin.eventsFrom(from, EVERYTHING).map(({ revision }) => revision)),
      ]);
    }
  });
  fc.assert(property, RUNS);
});

it("hashes are of the changes that etcd counts", () => {
  const property = fc.property(batches, (all) => {
    const world = new World();
    const twin = new NaiveKeySpace();
    for (const commands of all) {
      world.run(commands);
      for (const command of commands) performNaively(twin, command);
    }
    const { compactRevision } = twin;
    for (let revision = 0; revision <= twin.revision + 1; revision++) {
      const answer = world.keySpace.hash(revision);
      if (revision > twin.revision) expect(answer).toEqual(EtcdError.of("futureRev"));
      else if (revision > 0 && revision <= compactRevision) expect(answer).toEqual(EtcdError.of("compacted"));
      else {
        const upTo = revision || twin.revision;
        expect(answer).toEqual({ hash: naiveHash(twin, upTo), revision: upTo, compactRevision });
      }
    }
  });
  fc.assert(property, RUNS);
});

it("what is stored does not depend on how requests are spread over transactions, on a rollback, or on a dump between", () => {
  const property = fc.property(batches, fc.nat(100), (all, at) => {
    const commands = all.flat();
    const once = new World();
    once.run(commands);
    const bits = new World();
    for (const [index, command] of commands.entries()) {
      if (index === at) rollBack(bits, commands);
      bits.run([command]);
    }
    expect(bits.dump()).toEqual(once.dump());

    const [before, after] = [commands.slice(0, at), commands.slice(at)];
    const first = new World();
    first.run(before);
    const second = restored(first.dump());
    expect(second.dump()).toEqual(first.dump());
    first.run(after);
    second.run(after);
    expect(second.dump()).toEqual(first.dump());
    expect(first.dump()).toEqual(once.dump());
  });
  fc.assert(property, RUNS);
});

it("a sweep that has ended leaves one change for each key, and those since the compacted revision", () => {
  const property = fc.property(batches, fc.integer({ min: 1, max: 10 }), (all, changesMax) => {
    const world = new World();
    const twin = new NaiveKeySpace();
    for (const commands of all) {
      world.run(commands);
      for (const command of commands) performNaively(twin, command);
    }
    for (const revision of [BigInt(twin.revision)]) {
      world.run([{ kind: "compact", revision }]);
      twin.compact(revision);
    }
    while (world.keySpace.isSweeping) world.run([{ kind: "sweep", changesMax }]);
    const read = [...world.keySpace.eventsFrom(0, EVERYTHING)].flatMap(({ events }) => events);
    const kept = twin.hashed(twin.revision);
    const last = twin.changes.filter(({ revision }) => revision === twin.revision);
    const expected = twin.changes.filter((change) => kept.includes(change) || last.includes(change));
    expect(read.map(({ key, revision }) => ({ key, revision }))).toEqual(
      expected.map(({ key, revision }) => ({ key, revision })),
    );
  });
  fc.assert(property, RUNS);
});

const EVERYTHING = { key: utf8("\0"), rangeEnd: utf8("\0") };

function txnOf(requestRange: etcdserverpb.RangeRequest): etcdserverpb.TxnRequest {
  const operation = { request: { oneofKind: "requestRange" as const, requestRange } };
  return etcdserverpb.TxnRequest.create({ success: [operation] });
}

function decodeEvent(event: KeyEvent, withPrevious: boolean): mvccpb.Event {
  const { events } = etcdserverpb.WatchResponse.fromBinary(event.encoded(withPrevious));
  expect(events).toHaveLength(1);
  return events[0]!;
}

/** As etcd writes it: the revision as a key, the change as a message. */
function naiveHash(twin: NaiveKeySpace, upTo: number): number {
  let sum = crc32c(utf8("key"), 0);
  const counted = new Set(twin.hashed(upTo));
  for (const [index, change] of twin.changes.entries()) {
    if (!counted.has(change)) continue;
    const sub = twin.changes.slice(0, index).filter(({ revision }) => revision === change.revision).length;
    const key = Buffer.alloc(18);
    key.writeBigUInt64BE(BigInt(change.revision), 0);
    key.write("_", 8);
    key.writeBigUInt64BE(BigInt(sub), 9);
    key.write("t", 17);
    sum = crc32c(change.kv === undefined ? key : key.subarray(0, 17), sum);
    const kv = change.kv ?? mvccpb.KeyValue.create({ key: change.key });
    sum = crc32c(mvccpb.KeyValue.toBinary(kv), sum);
  }
  return sum;
}

function rollBack(world: World, commands: readonly Command[]): void {
  expect(() =>
    world.storage.transaction((table) => {
      world.keySpace.write(table, (writer) => commands.map((command) => perform(writer, command)));
      throw new Error("rolled back");
    }),
  ).toThrow("rolled back");
}

function restored(pieces: readonly Uint8Array[]): World {
  const world = new World();
  const restore = new TableRestore(world.storage);
  for (const piece of pieces) restore.add(piece);
  restore.end();
  return world;
}
