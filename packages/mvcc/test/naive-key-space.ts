/**
 * What a key space means, told as plainly as it can be: a list of changes that is gone through again for every question, and
 * forgotten never. The package is compared with it, answer by answer.
 */
import { EtcdError, etcdserverpb, type EtcdErrorName, type mvccpb } from "@lattice/etcd-proto";
import { compareBytes, toHex } from "@lattice/model";

type KeyValue = mvccpb.KeyValue;
type Request = etcdserverpb.RequestOp["request"];
type Response = etcdserverpb.ResponseOp["response"];

interface NaiveChange {
  readonly revision: number;
  readonly key: Uint8Array;
  /** Undefined where it was deleted. */
  readonly kv: KeyValue | undefined;
}

interface KeyRange {
  readonly key: Uint8Array;
  readonly rangeEnd: Uint8Array;
}

export interface NaiveEvent {
  readonly revision: number;
  readonly event: mvccpb.Event;
}

export class NaiveKeySpace {
  readonly changes: NaiveChange[] = [];
  readonly leases = new Map<bigint, bigint>();
  revision = 1;
  compactRevision = -1;
  /** Of the request that is being done. */
  #current = 1;

  range(request: etcdserverpb.RangeRequest): etcdserverpb.RangeResponse | EtcdErrorName {
    if (request.revision > BigInt(this.#current)) return "futureRev";
    const revision = request.revision <= 0n ? this.#current : Number(request.revision);
    if (revision < this.compactRevision) return "compacted";
    const all = this.#kvsIn(request, revision);
    const { minModRevision, maxModRevision, minCreateRevision, maxCreateRevision } = request;
    const isFiltered = [minModRevision, maxModRevision, minCreateRevision, maxCreateRevision].some(
      (bound) => bound !== 0n,
    );
    const { NONE, DESCEND } = etcdserverpb.RangeRequest_SortOrder;
    const { KEY } = etcdserverpb.RangeRequest_SortTarget;
    const limit = request.limit > 0n ? Number(request.limit) : Infinity;
    let kvs = all;
    // One more than the limit is what etcd takes before it sorts.
    if (request.sortOrder === NONE && !isFiltered) kvs = kvs.slice(0, limit + 1);
    if (minModRevision !== 0n) kvs = kvs.filter((kv) => kv.modRevision >= minModRevision);
    if (maxModRevision !== 0n) kvs = kvs.filter((kv) => kv.modRevision <= maxModRevision);
    if (minCreateRevision !== 0n) kvs = kvs.filter((kv) => kv.createRevision >= minCreateRevision);
    if (maxCreateRevision !== 0n) kvs = kvs.filter((kv) => kv.createRevision <= maxCreateRevision);
    if (request.sortOrder !== NONE || request.sortTarget !== KEY) {
      const sign = request.sortOrder === DESCEND ? -1 : 1;
      kvs = [...kvs].sort((a, b) => sign * compareBy(request.sortTarget, a, b));
    }
    if (request.countOnly) kvs = [];
    return {
      header: header(this.#current),
      kvs: kvs.slice(0, limit).map((kv) => (request.keysOnly ? { ...kv, value: new Uint8Array(0) } : kv)),
      more: kvs.length > limit,
      count: BigInt(all.length),
    };
  }

  put(request: etcdserverpb.PutRequest): etcdserverpb.PutResponse | EtcdErrorName {
    const refusal = this.#refuseLease(request) ?? this.#refuseKey(request);
    if (refusal !== undefined) return refusal;
    return this.#once(() => this.#put(request));
  }

  deleteRange(request: etcdserverpb.DeleteRangeRequest): etcdserverpb.DeleteRangeResponse {
    return this.#once(() => this.#deleteRange(request));
  }

  txn(request: etcdserverpb.TxnRequest): etcdserverpb.TxnResponse | EtcdErrorName {
    const branches = new Map<etcdserverpb.TxnRequest, boolean>();
    this.#choose(request, branches);
    const way = [...operationsOf(request, branches)];
    for (const each of way) {
      if (each.oneofKind !== "requestPut") continue;
      const refusal = this.#refuseKey(each.requestPut) ?? this.#refuseLease(each.requestPut);
      if (refusal !== undefined) return refusal;
    }
    for (const each of way) {
      if (each.oneofKind !== "requestRange") continue;
      const { revision } = each.requestRange;
      if (revision > BigInt(this.revision)) return "futureRev";
      if (revision !== 0n && revision < BigInt(this.compactRevision)) return "compacted";
    }
    return this.#once(() => this.#txn(request, branches));
  }

  compact(revision: bigint): etcdserverpb.CompactionResponse | EtcdErrorName {
    if (revision <= BigInt(this.compactRevision)) return "compacted";
    if (revision > BigInt(this.revision)) return "futureRev";
    this.compactRevision = Number(revision);
    return { header: header(this.revision) };
  }

  grant(id: bigint, ttl: bigint): etcdserverpb.LeaseGrantResponse | EtcdErrorName {
    if (id === 0n) return "leaseNotFound";
    if (ttl > 9_000_000_000n) return "leaseTtlTooLarge";
    if (this.leases.has(id)) return "leaseExist";
    this.leases.set(id, ttl);
    return { header: header(this.revision), id, ttl, error: "" };
  }

  revoke(id: bigint): etcdserverpb.LeaseRevokeResponse | EtcdErrorName {
    if (!this.leases.has(id)) return "leaseNotFound";
    this.#once(() => {
      for (const key of this.leaseKeys(id))
        this.#deleteRange({ key, rangeEnd: new Uint8Array(0), prevKv: false });
    });
    this.leases.delete(id);
    return { header: header(this.revision) };
  }

  leaseKeys(id: bigint): Uint8Array[] {
    return this.#kvsAt(this.#current)
      .filter((kv) => kv.lease === id)
      .map((kv) => kv.key);
  }

  eventsFrom(from: number, range: KeyRange): NaiveEvent[] {
    return this.changes
      .filter(({ revision, key }) => revision >= from && isIn(range, key))
      .map(({ revision, key, kv }) => ({ revision, event: this.#eventOf(revision, key, kv) }));
  }

  /** What a hash up to `revision` is made of. */
  hashed(revision: number): NaiveChange[] {
    const isNoneLeft = this.#kvsAt(revision).length === 0;
    const kept = this.#lastChanges(isNoneLeft ? this.compactRevision : revision);
    return this.changes.filter((change) => {
      if (change.revision > revision) return false;
      return change.revision > this.compactRevision || kept.includes(change);
    });
  }

  /** Of the keys that exist at a revision. */
  #lastChanges(revision: number): NaiveChange[] {
    const changes = new Map<string, NaiveChange>();
    for (const change of this.changes)
      if (change.revision <= revision) changes.set(toHex(change.key), change);
    return [...changes.values()].filter(({ kv }) => kv !== undefined);
  }

  #eventOf(revision: number, key: Uint8Array, kv: KeyValue | undefined): mvccpb.Event {
    const before =
      revision - 1 < this.compactRevision
        ? undefined
        : this.#kvsAt(revision - 1).find((each) => compareBytes(each.key, key) === 0);
    const deleted = { ...NOTHING, key, modRevision: BigInt(revision) };
    const event: mvccpb.Event = { type: kv === undefined ? 1 : 0, kv: kv ?? deleted };
    return before === undefined ? event : { ...event, prevKv: before };
  }

  #once<T>(body: () => T): T {
    const result = body();
    this.revision = this.#current;
    return result;
  }

  #put(request: etcdserverpb.PutRequest): etcdserverpb.PutResponse {
    const before = this.#kvsIn({ key: request.key, rangeEnd: new Uint8Array(0) }, this.#current)[0];
    const main = this.revision + 1;
    this.#current = main;
    this.changes.push({
      revision: main,
      key: request.key,
      kv: {
        key: request.key,
        createRevision: before?.createRevision ?? BigInt(main),
        modRevision: BigInt(main),
        version: (before?.version ?? 0n) + 1n,
        value: request.ignoreValue ? (before?.value ?? new Uint8Array(0)) : request.value,
        lease: request.ignoreLease ? (before?.lease ?? 0n) : request.lease,
      },
    });
    return request.prevKv && before ? { header: header(main), prevKv: before } : { header: header(main) };
  }

  #deleteRange(request: etcdserverpb.DeleteRangeRequest): etcdserverpb.DeleteRangeResponse {
    const doomed = this.#kvsIn(request, this.#current);
    if (doomed.length > 0) this.#current = this.revision + 1;
    for (const { key } of doomed) this.changes.push({ revision: this.#current, key, kv: undefined });
    return {
      header: header(this.#current),
      deleted: BigInt(doomed.length),
      prevKvs: request.prevKv ? doomed : [],
    };
  }

  #txn(request: etcdserverpb.TxnRequest, branches: Branches): etcdserverpb.TxnResponse {
    const succeeded = branches.get(request)!;
    const responses = (succeeded ? request.success : request.failure).map((operation) => ({
      response: this.#perform(operation.request, branches),
    }));
    return { header: header(this.#current), succeeded, responses };
  }

  #perform(request: Request, branches: Branches): Response {
    switch (request.oneofKind) {
      case "requestRange":
        return {
          oneofKind: "responseRange",
          responseRange: this.range(request.requestRange) as etcdserverpb.RangeResponse,
        };
      case "requestPut":
        return { oneofKind: "responsePut", responsePut: this.#put(request.requestPut) };
      case "requestDeleteRange":
        return {
          oneofKind: "responseDeleteRange",
          responseDeleteRange: this.#deleteRange(request.requestDeleteRange),
        };
      case "requestTxn":
        return {
          oneofKind: "responseTxn",
          responseTxn: { ...this.#txn(request.requestTxn, branches), header: header(0) },
        };
      case undefined:
        return { oneofKind: undefined };
    }
  }

  #choose(request: etcdserverpb.TxnRequest, branches: Map<etcdserverpb.TxnRequest, boolean>): void {
    const succeeded = request.compare.every((compare) => this.#holds(compare));
    branches.set(request, succeeded);
    for (const { request: each } of succeeded ? request.success : request.failure) {
      if (each.oneofKind === "requestTxn") this.#choose(each.requestTxn, branches);
    }
  }

  #holds(compare: etcdserverpb.Compare): boolean {
    const kvs = this.#kvsIn(compare, this.revision);
    const { VALUE } = etcdserverpb.Compare_CompareTarget;
    if (kvs.length === 0) return compare.target !== VALUE && isResult(compare, NOTHING);
    return kvs.every((kv) => isResult(compare, kv));
  }

  #refuseKey({ key, ignoreValue, ignoreLease }: etcdserverpb.PutRequest): EtcdErrorName | undefined {
    const isThere = this.#kvsIn({ key, rangeEnd: new Uint8Array(0) }, this.revision).length > 0;
    return (ignoreValue || ignoreLease) && !isThere ? "keyNotFound" : undefined;
  }

  #refuseLease({ lease }: etcdserverpb.PutRequest): EtcdErrorName | undefined {
    return lease !== 0n && !this.leases.has(lease) ? "leaseNotFound" : undefined;
  }

  #kvsIn(range: KeyRange, revision: number): KeyValue[] {
    return this.#kvsAt(revision).filter(({ key }) => isIn(range, key));
  }

  #kvsAt(revision: number): KeyValue[] {
    const kvs = new Map<string, KeyValue>();
    for (const change of this.changes) {
      if (change.revision > revision) break;
      if (change.kv === undefined) kvs.delete(toHex(change.key));
      else kvs.set(toHex(change.key), change.kv);
    }
    return [...kvs.values()].sort((a, b) => compareBytes(a.key, b.key));
  }
}

type Branches = ReadonlyMap<etcdserverpb.TxnRequest, boolean>;

const NOTHING: KeyValue = {
  key: new Uint8Array(0),
  createRevision: 0n,
  modRevision: 0n,
  version: 0n,
  value: new Uint8Array(0),
  lease: 0n,
};

function* operationsOf(request: etcdserverpb.TxnRequest, branches: Branches): Generator<Request> {
  for (const { request: each } of branches.get(request) ? request.success : request.failure) {
    if (each.oneofKind === "requestTxn") yield* operationsOf(each.requestTxn, branches);
    else yield each;
  }
}

function isIn({ key: from, rangeEnd }: KeyRange, key: Uint8Array): boolean {
  const order = compareBytes(key, from);
  if (rangeEnd.length === 0) return order === 0;
  if (toHex(rangeEnd) === "00") return order >= 0;
  return order >= 0 && compareBytes(key, rangeEnd) < 0;
}

function compareBy(target: etcdserverpb.RangeRequest_SortTarget, a: KeyValue, b: KeyValue): number {
  const { VERSION, CREATE, MOD, VALUE } = etcdserverpb.RangeRequest_SortTarget;
  switch (target) {
    case VERSION:
      return Number(a.version - b.version);
    case CREATE:
      return Number(a.createRevision - b.createRevision);
    case MOD:
      return Number(a.modRevision - b.modRevision);
    case VALUE:
      return compareBytes(a.value, b.value);
    default:
      return compareBytes(a.key, b.key);
  }
}

function isResult(compare: etcdserverpb.Compare, kv: KeyValue): boolean {
  const { targetUnion: given } = compare;
  const { VERSION, CREATE, MOD, VALUE } = etcdserverpb.Compare_CompareTarget;
  const order = (() => {
    switch (compare.target) {
      case VALUE:
        return compareBytes(kv.value, given.oneofKind === "value" ? given.value : new Uint8Array(0));
      case VERSION:
        return Number(kv.version - (given.oneofKind === "version" ? given.version : 0n));
      case CREATE:
        return Number(kv.createRevision - (given.oneofKind === "createRevision" ? given.createRevision : 0n));
      case MOD:
        return Number(kv.modRevision - (given.oneofKind === "modRevision" ? given.modRevision : 0n));
      default:
        return Number(kv.lease - (given.oneofKind === "lease" ? given.lease : 0n));
    }
  })();
  const { EQUAL, GREATER, LESS } = etcdserverpb.Compare_CompareResult;
  if (compare.result === EQUAL) return order === 0;
  if (compare.result === GREATER) return order > 0;
  if (compare.result === LESS) return order < 0;
  return order !== 0;
}

function header(revision: number): etcdserverpb.ResponseHeader {
  return { clusterId: 0n, memberId: 0n, revision: BigInt(revision), raftTerm: 0n };
}

/** As the package answers. */
export function refusalOr<T>(answer: T | EtcdErrorName): T | EtcdError {
  return typeof answer === "string" ? EtcdError.of(answer as EtcdErrorName) : answer;
}
