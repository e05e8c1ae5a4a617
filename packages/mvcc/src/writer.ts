/**
 * Changes a key space: one request after the other, within a transaction of the storage.
 *
 *  1. A request that changes something has a revision of its own, one more than the last; one that does not, none.
 *  2. A request is refused before it has changed anything, with etcd's error; or it is done.
 *  3. What comes out follows from the requests and their order alone: not from how they are spread over transactions.
 */
import { EtcdError, type etcdserverpb } from "@lattice/etcd-proto";
import type { Table } from "@lattice/storage";
import { HistoryWriter } from "./history.ts";
import { KeyEvent, type FindBefore } from "./key-event.ts";
import { keyRange, rangeAfter, type KeyRange } from "./key-range.ts";
import { encodeKeyRow, nextLinks, type KeyRow } from "./key-row.ts";
import { decodeKeyValue, EMPTY, NO_LEASE, type KeyValue } from "./key-value.ts";
import { LeasesWriter, type LeaseRow } from "./leases.ts";
import { CHANGE_BYTES_MAX, KEY_BYTES_MAX, KEYS_PER_DELETE, LEASE_TTL_MAX_S } from "./limits.ts";
import { messageOf, readInTxn } from "./range.ts";
import { Reading } from "./reading.ts";
import { responseHeader } from "./response-header.ts";
import { readState, writeState, type State } from "./state.ts";
import { sweep } from "./sweep.ts";
import { HISTORY_TABLE, KEYS_TABLE, STATE_TABLE, type WritableTables } from "./tables.ts";
import { findRefusal, pathOf, refuseRange, walk } from "./txn-path.ts";

type PutRequest = etcdserverpb.PutRequest;
type DeleteRangeRequest = etcdserverpb.DeleteRangeRequest;
type TxnRequest = etcdserverpb.TxnRequest;
type Operation = etcdserverpb.RequestOp["request"];
type ResponseOp = etcdserverpb.ResponseOp;

export interface WriterOptions {
  /** Is told of every change, in order. It has not happened before the transaction has ended. */
  readonly onEvent?: ((event: KeyEvent) => void) | undefined;
  /** For events. */
  readonly findBefore: FindBefore;
}

interface LeaseCheckpoint {
  readonly id: bigint;
  readonly remainingSeconds: number;
}

export class KeySpaceWriter {
  readonly #options: WriterOptions;
  readonly #stateTable: Table;
  readonly #keys: Table;
  readonly #history: HistoryWriter;
  readonly #leases: LeasesWriter;
  readonly #reading: Reading;
  #state: Omit<State, "revision" | "tailMain" | "tailSub">;
  #revision: number;
  /** Of the request that is being done. */
  #changeCount = 0;

  /** Of `KeySpace`, which also ends it. */
  constructor(tables: WritableTables, options: WriterOptions) {
    this.#options = options;
    this.#stateTable = tables(STATE_TABLE);
    this.#keys = tables(KEYS_TABLE);
    this.#leases = new LeasesWriter(tables);
    const { tailMain, tailSub, revision, ...state } = readState(this.#stateTable);
    const { compactRevision } = state;
    this.#state = state;
    this.#revision = revision;
    this.#history = new HistoryWriter(tables(HISTORY_TABLE), { main: tailMain, sub: tailSub });
    this.#reading = new Reading({ keys: this.#keys, history: this.#history, revision, compactRevision });
  }

  get revision(): number {
    return this.#revision;
  }

  get compactRevision(): number {
    return this.#state.compactRevision;
  }

  /** Writes what is left to be written. */
  end(): void {
    this.#history.settle();
    const { main: tailMain, sub: tailSub } = this.#history.tailId;
    writeState(this.#stateTable, { ...this.#state, revision: this.#revision, tailMain, tailSub });
  }

  put(request: PutRequest): etcdserverpb.PutResponse | EtcdError {
    const row = this.#reading.row(request.key);
    const refusal = this.#refusePut(request, row);
    if (refusal !== undefined) return refusal;
    const response = this.#put(request, row);
    this.#endRequest();
    return response;
  }

  deleteRange(request: DeleteRangeRequest): etcdserverpb.DeleteRangeResponse {
    const response = this.#deleteRange(request);
    this.#endRequest();
    return response;
  }

  /** Which has been checked: it puts no key twice, and each operation is one. */
  txn(request: TxnRequest): etcdserverpb.TxnResponse | EtcdError {
    const reading = this.#reading;
    const path = pathOf(reading, request);
    const refusal =
      findRefusal(path, (each) => this.#refusePutIn(each)) ??
      findRefusal(path, (each) => refuseRange(reading, each));
    if (refusal !== undefined) return refusal;
    const response = walk(path, { reading, perform: (each) => this.#perform(each) });
    this.#endRequest();
    return response;
  }

  /** Forgets what was superseded up to the revision; `sweep` removes it. */
  compact({
    revision,
  }: Pick<etcdserverpb.CompactionRequest, "revision">): etcdserverpb.CompactionResponse | EtcdError {
    const state = this.#state;
    if (revision <= BigInt(state.compactRevision)) return EtcdError.of("compacted");
    if (revision > BigInt(this.#revision)) return EtcdError.of("futureRev");
    const compactRevision = Number(revision);
    this.#state = { ...state, compactRevision, isSweeping: true };
    // What was removed so far was so up to the revision before; of that one itself, deletes have been kept.
    const last = Math.max(0, state.compactRevision);
    if (!state.isSweeping || state.sweepMain >= last) {
      this.#state = { ...this.#state, sweepMain: last, sweepSub: 0 };
    }
    this.#reading.compactRevision = compactRevision;
    return { header: responseHeader(this.#revision) };
  }

  /**
   * Removes some of what compactions have made superfluous: looks at so many changes at the most. Says whether there is more. As it
   * changes what is stored, all members have to do it at the same place between requests.
   */
  sweep(changesMax: number): boolean {
    if (!this.#state.isSweeping) return false;
    this.#history.settle();
    this.#state = sweep(this.#state, { history: this.#history, keys: this.#keys, changesMax });
    return this.#state.isSweeping;
  }

  /** The id was chosen before; etcd refuses 0. The time to live is taken as it is. */
  grantLease({ id, ttl }: etcdserverpb.LeaseGrantRequest): etcdserverpb.LeaseGrantResponse | EtcdError {
    if (id === NO_LEASE) return EtcdError.of("leaseNotFound");
    if (ttl > LEASE_TTL_MAX_S) return EtcdError.of("leaseTtlTooLarge");
    if (this.#leases.has(id)) return EtcdError.of("leaseExist");
    this.#leases.write({ id, ttlSeconds: Math.max(0, Number(ttl)), remainingSeconds: 0 });
    return { header: responseHeader(this.revision), id, ttl, error: "" };
  }

  /** Deletes its keys, all in one revision. */
  revokeLease({ id }: etcdserverpb.LeaseRevokeRequest): etcdserverpb.LeaseRevokeResponse | EtcdError {
    if (!this.#leases.has(id)) return EtcdError.of("leaseNotFound");
    for (const key of [...this.#leases.keysOf(id)]) {
      const row = this.#reading.row(key);
      if (row !== undefined && !row.isDeleted) this.#delete(key, row);
    }
    this.#leases.remove(id);
    this.#endRequest();
    return { header: responseHeader(this.revision) };
  }

  /** Of leases that are gone nothing is written down. */
  checkpointLeases(checkpoints: readonly LeaseCheckpoint[]): void {
    for (const { id, remainingSeconds } of checkpoints) {
      const lease = this.#leases.get(id);
      if (lease !== undefined) this.#leases.write({ ...lease, remainingSeconds });
    }
  }

  lease(id: bigint): LeaseRow | undefined {
    return this.#leases.get(id);
  }

  leaseKeys(id: bigint): Iterable<Uint8Array> {
    return this.#leases.keysOf(id);
  }

  #refusePut(request: PutRequest, row: KeyRow | undefined): EtcdError | undefined {
    return refuseSize(request) ?? this.#refuseLease(request) ?? refuseAbsent(request, row);
  }

  #refuseLease({ lease }: PutRequest): EtcdError | undefined {
    return lease === NO_LEASE || this.#leases.has(lease) ? undefined : EtcdError.of("leaseNotFound");
  }

  #put(request: PutRequest, row: KeyRow | undefined): etcdserverpb.PutResponse {
    const { key, ignoreValue, ignoreLease, prevKv } = request;
    const before = row === undefined || row.isDeleted ? undefined : row;
    const needsBefore = before !== undefined && (ignoreValue || prevKv);
    const keyValueBefore = needsBefore ? this.#history.change(before.last)?.keyValue : undefined;
    const valueBefore = keyValueBefore === undefined ? EMPTY : decodeKeyValue(keyValueBefore).value;
    const value = ignoreValue ? valueBefore : request.value;
    const lease = ignoreLease ? (before?.lease ?? NO_LEASE) : request.lease;
    const main = this.#mainRevision;
    const createRevision = before?.createRevision ?? main;
    const version = (before?.version ?? 0) + 1;
    this.#change(row, { key, createRevision, modRevision: main, version, value, lease });
    if (before?.lease !== lease) {
      if (before !== undefined && before.lease !== NO_LEASE) this.#leases.detach(before.lease, key);
      if (lease !== NO_LEASE) this.#leases.attach(lease, key);
    }
    const header = responseHeader(main);
    return prevKv && keyValueBefore ? { header, prevKv: messageOf(keyValueBefore) } : { header };
  }

  #deleteRange(request: DeleteRangeRequest): etcdserverpb.DeleteRangeResponse {
    const prevKvs: etcdserverpb.DeleteRangeResponse["prevKvs"] = [];
    let deleted = 0;
    let rest: KeyRange | undefined = keyRange(request);
    while (rest !== undefined) {
      const found = this.#findSome(rest);
      for (const [key, row] of found) {
        if (request.prevKv) prevKvs.push(messageOf(this.#reading.changeAt(row.last).keyValue));
        this.#delete(key, row);
      }
      deleted += found.length;
      rest = found.length < KEYS_PER_DELETE ? undefined : rangeAfter(rest, found.at(-1)![0]);
    }
    return { header: responseHeader(this.#reading.revision), deleted: BigInt(deleted), prevKvs };
  }

  /** Keys of the range that exist; not more than KEYS_PER_DELETE of them. */
  #findSome(range: KeyRange): (readonly [key: Uint8Array, row: KeyRow])[] {
    const found: (readonly [Uint8Array, KeyRow])[] = [];
    for (const entry of this.#rows(range)) {
      if (!entry[1].isDeleted) found.push(entry);
      if (found.length === KEYS_PER_DELETE) break;
    }
    return found;
  }

  #rows(range: KeyRange): Iterable<readonly [key: Uint8Array, row: KeyRow]> {
    if (range.bounds !== undefined) return this.#reading.rows(range);
    const row = range.key.length === 0 ? undefined : this.#reading.row(range.key);
    return row === undefined ? [] : [[range.key, row]];
  }

  #delete(key: Uint8Array, row: KeyRow): void {
    this.#change(row, { key, createRevision: 0, modRevision: 0, version: 0, value: EMPTY, lease: NO_LEASE });
    if (row.lease !== NO_LEASE) this.#leases.detach(row.lease, key);
  }

  #refusePutIn(request: Operation): EtcdError | undefined {
    if (request.oneofKind !== "requestPut") return undefined;
    const { requestPut: put } = request;
    // Other than by itself, a put is first asked for its key.
    return refuseSize(put) ?? refuseAbsent(put, this.#reading.row(put.key)) ?? this.#refuseLease(put);
  }

  #perform(request: Operation): ResponseOp["response"] {
    switch (request.oneofKind) {
      case "requestRange":
        return { oneofKind: "responseRange", responseRange: readInTxn(this.#reading, request.requestRange) };
      case "requestPut": {
        const { requestPut } = request;
        return {
          oneofKind: "responsePut",
          responsePut: this.#put(requestPut, this.#reading.row(requestPut.key)),
        };
      }
      case "requestDeleteRange":
        return {
          oneofKind: "responseDeleteRange",
          responseDeleteRange: this.#deleteRange(request.requestDeleteRange),
        };
      default:
        return { oneofKind: undefined };
    }
  }

  /** Of what the request changes. */
  get #mainRevision(): number {
    return this.#revision + 1;
  }

  #change(row: KeyRow | undefined, keyValue: KeyValue): void {
    const main = this.#mainRevision;
    const sub = this.#changeCount;
    const isDelete = keyValue.version === 0;
    const { ordinal, spine, previous, jump } = nextLinks(row);
    const stored = this.#history.append({ main, sub, isDelete, previous, jump, keyValue });
    const { createRevision, version, lease } = keyValue;
    const last = stored.place;
    this.#keys.put(
      keyValue.key,
      encodeKeyRow({ last, isDeleted: isDelete, createRevision, version, lease, ordinal, spine }),
    );
    this.#changeCount += 1;
    this.#reading.revision = main;
    const { onEvent, findBefore } = this.#options;
    onEvent?.(new KeyEvent({ revision: main, isDelete, keyValue: stored.keyValue, previous }, findBefore));
  }

  #endRequest(): void {
    if (this.#changeCount === 0) return;
    this.#revision += 1;
    this.#changeCount = 0;
  }
}

function refuseSize({ key, value }: PutRequest): EtcdError | undefined {
  if (key.length === 0) return EtcdError.of("emptyKey");
  const isTooLarge = key.length > KEY_BYTES_MAX || key.length + value.length > CHANGE_BYTES_MAX;
  return isTooLarge ? EtcdError.of("requestTooLarge") : undefined;
}

/** What is kept of a key has to be there. */
function refuseAbsent(
  { ignoreValue, ignoreLease }: PutRequest,
  row: KeyRow | undefined,
): EtcdError | undefined {
  const isThere = row !== undefined && !row.isDeleted;
  return (ignoreValue || ignoreLease) && !isThere ? EtcdError.of("keyNotFound") : undefined;
}
