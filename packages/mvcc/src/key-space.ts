/**
 * etcd's key space over the tables of a storage. It keeps nothing in memory: what it knows is in the tables, so that it is opened
 * at once, and follows a storage that is rolled back, restored or replaced.
 */
import { EtcdError, type etcdserverpb } from "@lattice/etcd-proto";
import { eventsFrom, type RevisionEvents } from "./events.ts";
import { hash, hashInSteps, type KeySpaceHash } from "./hash.ts";
import type { FindBefore, KeyEvent } from "./key-event.ts";
import { keyRange } from "./key-range.ts";
import { Leases, type LeaseRow } from "./leases.ts";
import { range, rangeInSteps, rangeResponse, readInTxn, type RangeResult } from "./range.ts";
import { Reading } from "./reading.ts";
import { readState } from "./state.ts";
import { STATE_TABLE, type Tables, type WritableTables } from "./tables.ts";
import { findRefusal, pathOf, refuseRange, walk } from "./txn-path.ts";
import { KeySpaceWriter } from "./writer.ts";

export interface WriteOptions {
  /** Is told of every change, in order. It has not happened before the transaction has ended. */
  readonly onEvent?: (event: KeyEvent) => void;
}

export class KeySpace {
  readonly #tables: Tables;

  /** `tables` gives those of a storage or of a view that was opened with `MVCC_TABLES`. */
  constructor(tables: Tables) {
    this.#tables = tables;
  }

  /** Of the last request that changed something; 1 in the beginning. */
  get revision(): number {
    return readState(this.#tables(STATE_TABLE)).revision;
  }

  /** What is older cannot be read any more; -1 in the beginning. */
  get compactRevision(): number {
    return readState(this.#tables(STATE_TABLE)).compactRevision;
  }

  /** Whether there is something for `KeySpaceWriter.sweep` to do. */
  get isSweeping(): boolean {
    return readState(this.#tables(STATE_TABLE)).isSweeping;
  }

  /** Changes it, within a transaction of its storage. Not to be read otherwise before `body` returns. */
  write<T>(tables: WritableTables, body: (writer: KeySpaceWriter) => T, options: WriteOptions = {}): T {
    const findBefore = this.#findBefore;
    const writer = new KeySpaceWriter(tables, { ...options, findBefore });
    const result = body(writer);
    writer.end();
    return result;
  }

  range(request: etcdserverpb.RangeRequest): etcdserverpb.RangeResponse | EtcdError {
    const result = this.rangeBytes(request);
    return result instanceof EtcdError ? result : rangeResponse(result);
  }

  /** The same, with keys and values as the bytes that they are sent as. */
  rangeBytes(request: etcdserverpb.RangeRequest): RangeResult | EtcdError {
    return range(this.#reading(), request);
  }

  /**
   * The same in steps of a millisecond or two, between which others may write. It reads the revision at which it began; if that is
   * compacted meanwhile it begins anew, or refuses where the request asked for it.
   */
  rangeInSteps(request: etcdserverpb.RangeRequest): Generator<void, RangeResult | EtcdError> {
    return rangeInSteps(() => this.#reading(), request);
  }

  /** A transaction that only reads. */
  readTxn(request: etcdserverpb.TxnRequest): etcdserverpb.TxnResponse | EtcdError {
    const reading = this.#reading();
    const path = pathOf(reading, request);
    const refusal = findRefusal(path, (each) => refuseRange(reading, each));
    if (refusal !== undefined) return refusal;
    return walk(path, {
      reading,
      perform: (each) =>
        each.oneofKind === "requestRange"
          ? { oneofKind: "responseRange", responseRange: readInTxn(reading, each.requestRange) }
          : { oneofKind: undefined },
    });
  }

  /**
   * All revisions from `from` on, which is not compacted: also those without an event in the range, so that who reads can stop after any
   * of them. Not to be continued after a write.
   */
  eventsFrom(
    from: number,
    keys: { readonly key: Uint8Array; readonly rangeEnd: Uint8Array },
  ): Iterable<RevisionEvents> {
    return eventsFrom(this.#reading(), { from, range: keyRange(keys), findBefore: this.#findBefore });
  }

  lease(id: bigint): LeaseRow | undefined {
    return new Leases(this.#tables).get(id);
  }

  leases(): Iterable<LeaseRow> {
    return new Leases(this.#tables).all();
  }

  leaseKeys(id: bigint): Iterable<Uint8Array> {
    return new Leases(this.#tables).keysOf(id);
  }

  /**
   * Of the history up to `revision`, 0 for the present one; the same as etcd's of the same history. Refuses with `compacted` (from the
   * compacted revision itself on) and `futureRev`.
   */
  hash(revision: number): KeySpaceHash | EtcdError {
    return hash(this.#reading(), revision);
  }

  /** The same in steps of a millisecond or two, between which others may write. */
  hashInSteps(revision: number): Generator<void, KeySpaceHash | EtcdError> {
    return hashInSteps(() => this.#reading(), revision);
  }

  #reading(): Reading {
    return Reading.of(this.#tables);
  }

  readonly #findBefore: FindBefore = (revision, previous) =>
    this.#reading().keyValueBefore(revision, previous);
}
