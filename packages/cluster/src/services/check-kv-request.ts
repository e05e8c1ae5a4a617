/**
 * What a request of the key space must be like, whatever the keys are: etcd's checks, in its order, with its errors. They
 * throw an `EtcdError`.
 */
import { etcdserverpb, EtcdError, type EtcdErrorName } from "@lattice/etcd-proto";
import { bytesKey, compareBytes } from "@lattice/model";
import { TXN_OPS_MAX } from "../limits.ts";

type TxnRequest = etcdserverpb.TxnRequest;
type RequestOp = etcdserverpb.RequestOp;

const SORT_ORDER_MAX = etcdserverpb.RangeRequest_SortOrder.DESCEND;
const SORT_TARGET_MAX = etcdserverpb.RangeRequest_SortTarget.VALUE;

export function checkRange({ key, sortOrder, sortTarget }: etcdserverpb.RangeRequest): void {
  if (key.length === 0) refuse("emptyKey");
  const isKnown = isWithin(sortOrder, SORT_ORDER_MAX) && isWithin(sortTarget, SORT_TARGET_MAX);
  if (!isKnown) refuse("invalidSortOption");
}

export function checkPut(request: etcdserverpb.PutRequest): void {
  const { key, value, lease, ignoreValue, ignoreLease } = request;
  if (key.length === 0) refuse("emptyKey");
  if (ignoreValue && value.length > 0) refuse("valueProvided");
  if (ignoreLease && lease !== 0n) refuse("leaseProvided");
}

export function checkDeleteRange({ key }: etcdserverpb.DeleteRangeRequest): void {
  if (key.length === 0) refuse("emptyKey");
}

export function checkTxn(request: TxnRequest): void {
  checkShape(request, TXN_OPS_MAX);
  checkPutOnce(request.success);
  checkPutOnce(request.failure);
}

/** Whether all of it is reading, so that it need not be in the log. */
export function isReadOnly({ success, failure }: TxnRequest): boolean {
  return success.every(isReadOnlyOp) && failure.every(isReadOnlyOp);
}

/** Whether each of its reads, and so the whole if it is nothing else, may be answered from what is at hand. */
export function isSerializable(request: TxnRequest): boolean {
  return isReadOnly(request) && readsOf(request).every(({ serializable }) => serializable);
}

function isReadOnlyOp({ request }: RequestOp): boolean {
  if (request.oneofKind === "requestTxn") return isReadOnly(request.requestTxn);
  return request.oneofKind === "requestRange";
}

function readsOf({ success, failure }: TxnRequest): etcdserverpb.RangeRequest[] {
  return [...success, ...failure].flatMap(({ request }) => {
    if (request.oneofKind === "requestRange") return [request.requestRange];
    return request.oneofKind === "requestTxn" ? readsOf(request.requestTxn) : [];
  });
}

/** Transactions in transactions share the bound: each may have as many operations as the ones around it leave. */
function checkShape({ compare, success, failure }: TxnRequest, opsMax: number): void {
  const count = Math.max(compare.length, success.length, failure.length);
  if (count > opsMax) refuse("tooManyOps");
  for (const { key } of compare) if (key.length === 0) refuse("emptyKey");
  for (const op of success) checkOp(op, opsMax - count);
  for (const op of failure) checkOp(op, opsMax - count);
}

function checkOp({ request }: RequestOp, opsLeft: number): void {
  switch (request.oneofKind) {
    case "requestRange":
      checkRange(request.requestRange);
      return;
    case "requestPut":
      checkPut(request.requestPut);
      return;
    case "requestDeleteRange":
      checkDeleteRange(request.requestDeleteRange);
      return;
    case "requestTxn":
      checkShape(request.requestTxn, opsLeft);
      return;
    case undefined:
      // etcd's answer to an operation that is none.
      refuse("keyNotFound");
  }
}

/** What a list of operations puts and deletes; the branches of a transaction in it exclude each other. */
interface Touched {
  readonly puts: Map<string, Uint8Array>;
  readonly deletes: DeletedRange[];
}

interface DeletedRange {
  readonly key: Uint8Array;
  readonly end: Uint8Array;
}

/**
 * No key is put twice, or put and deleted, by operations that may all be done: they would have one revision. As etcd does it, so that
 * neither refuses what the other takes: of two transactions side by side, the first's puts are not held against the second's deletes. Throws
 * `duplicateKey`.
 */
function checkPutOnce(ops: readonly RequestOp[]): Touched {
  const puts = new Map<string, Uint8Array>();
  const deletes = ops.flatMap(deletedBy);
  for (const { request } of ops) {
    if (request.oneofKind !== "requestTxn") continue;
    const branches = [checkPutOnce(request.requestTxn.success), checkPutOnce(request.requestTxn.failure)];
    for (const branch of branches) {
      for (const [name, key] of branch.puts)
        if (puts.has(name) || isDeleted(key, deletes)) refuse("duplicateKey");
    }
    for (const branch of branches) {
      for (const [name, key] of branch.puts) puts.set(name, key);
      deletes.push(...branch.deletes);
    }
  }
  for (const { request } of ops) {
    if (request.oneofKind !== "requestPut") continue;
    const { key } = request.requestPut;
    const name = bytesKey(key);
    if (puts.has(name) || isDeleted(key, deletes)) refuse("duplicateKey");
    puts.set(name, key);
  }
  return { puts, deletes };
}

function deletedBy({ request }: RequestOp): DeletedRange[] {
  if (request.oneofKind !== "requestDeleteRange") return [];
  return [{ key: request.requestDeleteRange.key, end: request.requestDeleteRange.rangeEnd }];
}

/** A range without an end (of one zero byte) counts as none, as in etcd: what it deletes may be put by the same transaction. */
function isDeleted(key: Uint8Array, ranges: readonly DeletedRange[]): boolean {
  return ranges.some((range) => {
    if (range.end.length === 0) return compareBytes(key, range.key) === 0;
    return compareBytes(key, range.key) >= 0 && compareBytes(key, range.end) < 0;
  });
}

function isWithin(value: number, max: number): boolean {
  return value >= 0 && value <= max;
}

function refuse(name: EtcdErrorName): never {
  throw EtcdError.of(name);
}
