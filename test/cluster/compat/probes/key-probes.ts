/** Range, Put, DeleteRange, Txn and Compact: what is in their answers, and what is wrong with requests. */
import { etcdserverpb as pb } from "../../../../packages/testkit/src/clusters/index.ts";
import type { Prober } from "./prober.ts";
import { rpcs } from "./rpcs.ts";

const bytes = (text: string): Uint8Array => Buffer.from(text);
const ZERO = Uint8Array.of(0);
const { Compare_CompareResult: Result, Compare_CompareTarget: Target } = pb;
const { RangeRequest_SortOrder: Order, RangeRequest_SortTarget: Sort } = pb;

export async function keyProbes(prober: Prober): Promise<void> {
  await puts(prober);
  await ranges(prober);
  await deletions(prober);
  await transactions(prober);
  await comparisons(prober);
  await limits(prober);
  await compactions(prober);
}

async function puts(prober: Prober): Promise<void> {
  const put = (request: Parameters<typeof pb.PutRequest.create>[0]) => prober.ask(rpcs.put, request ?? {});
  await put({ key: bytes("a"), value: bytes("1") });
  await put({ key: bytes("a"), value: bytes("2"), prevKv: true });
  await put({ key: bytes("a"), prevKv: true });
  await put({ key: bytes("a"), ignoreValue: true });
  await put({ key: bytes("a"), value: bytes("x"), ignoreValue: true });
  await put({ key: bytes("a"), value: bytes("x"), ignoreLease: true });
  await put({ key: bytes("a"), lease: 5n, ignoreLease: true });
  await put({ key: bytes("none"), ignoreValue: true });
  await put({ key: bytes("none"), ignoreLease: true });
  await put({ key: bytes("a"), lease: 999n });
  await put({ key: bytes("a"), lease: -1n });
  await put({});
  await put({ value: bytes("1") });
  await put({ key: ZERO, value: ZERO });
  await put({ key: Uint8Array.of(255, 0, 1), value: new Uint8Array(0) });
  for (const key of ["b", "c", "d/1", "d/2", "d/3"]) await put({ key: bytes(key), value: bytes(key) });
  await prober.ask(rpcs.put, { key: bytes("at-follower"), value: bytes("1") }, { at: "n2" });
}

async function ranges(prober: Prober): Promise<void> {
  const range = (request: Parameters<typeof pb.RangeRequest.create>[0]) =>
    prober.ask(rpcs.range, request ?? {});
  await range({ key: bytes("a") });
  await range({ key: bytes("none") });
  await range({});
  await range({ rangeEnd: bytes("z") });
  await range({ key: ZERO, rangeEnd: ZERO });
  await range({ key: bytes("b"), rangeEnd: ZERO, keysOnly: true });
  await range({ key: bytes("b"), rangeEnd: bytes("a") });
  await range({ key: bytes("b"), rangeEnd: bytes("b") });
  await range({ key: ZERO, rangeEnd: ZERO, countOnly: true });
  await range({ key: ZERO, rangeEnd: ZERO, limit: 2n });
  await range({ key: ZERO, rangeEnd: ZERO, limit: 1000n });
  await range({ key: ZERO, rangeEnd: ZERO, limit: -1n, keysOnly: true });
  await range({ key: ZERO, rangeEnd: ZERO, limit: 2n, countOnly: true });
  for (const sortTarget of [Sort.KEY, Sort.VERSION, Sort.CREATE, Sort.MOD, Sort.VALUE]) {
    for (const sortOrder of [Order.NONE, Order.ASCEND, Order.DESCEND]) {
      await range({ key: ZERO, rangeEnd: ZERO, sortTarget, sortOrder, keysOnly: true, limit: 4n });
    }
  }
  // A target that there is not ends etcd's process, so it is not asked for.
  await range({ key: bytes("a"), sortOrder: 9 as never });
  await range({ key: ZERO, rangeEnd: ZERO, minModRevision: 6n, keysOnly: true });
  await range({ key: ZERO, rangeEnd: ZERO, maxModRevision: 6n, keysOnly: true });
  await range({ key: ZERO, rangeEnd: ZERO, minCreateRevision: 6n, maxCreateRevision: 8n, keysOnly: true });
  await range({ key: ZERO, rangeEnd: ZERO, minCreateRevision: 6n, limit: 2n, keysOnly: true });
  for (const revision of [1n, 2n, 3n, 1000n, -1n]) await range({ key: bytes("a"), revision });
  await range({ key: bytes("a"), serializable: true });
  await range({ key: bytes("a"), serializable: true, revision: 1000n });
  await prober.ask(rpcs.range, { key: bytes("at-follower") }, { at: "n2" });
  await prober.ask(rpcs.range, { key: bytes("at-follower") }, { at: "n3" });
}

async function deletions(prober: Prober): Promise<void> {
  const remove = (request: Parameters<typeof pb.DeleteRangeRequest.create>[0]) => {
    return prober.ask(rpcs.deleteRange, request ?? {});
  };
  await remove({});
  await remove({ key: bytes("none") });
  await remove({ key: bytes("none"), prevKv: true });
  await remove({ key: bytes("c"), prevKv: true });
  await remove({ key: bytes("c") });
  await remove({ key: bytes("d/"), rangeEnd: bytes("d0"), prevKv: true });
  await remove({ key: bytes("z"), rangeEnd: bytes("a") });
  await prober.ask(rpcs.put, { key: bytes("c"), value: bytes("again") });
  await prober.ask(rpcs.range, { key: bytes("c") });
}

function putOp(key: string, value = "v", more: Partial<pb.PutRequest> = {}): pb.RequestOp {
  const requestPut = pb.PutRequest.create({ key: bytes(key), value: bytes(value), ...more });
  return { request: { oneofKind: "requestPut", requestPut } };
}

function rangeOp(key: string, more: Partial<pb.RangeRequest> = {}): pb.RequestOp {
  return {
    request: {
      oneofKind: "requestRange",
      requestRange: pb.RangeRequest.create({ key: bytes(key), ...more }),
    },
  };
}

function deleteOp(key: string, more: Partial<pb.DeleteRangeRequest> = {}): pb.RequestOp {
  const requestDeleteRange = pb.DeleteRangeRequest.create({ key: bytes(key), ...more });
  return { request: { oneofKind: "requestDeleteRange", requestDeleteRange } };
}

function txnOp(request: Parameters<typeof pb.TxnRequest.create>[0]): pb.RequestOp {
  return { request: { oneofKind: "requestTxn", requestTxn: pb.TxnRequest.create(request ?? {}) } };
}

async function transactions(prober: Prober): Promise<void> {
  const txn = (success: pb.RequestOp[], failure: pb.RequestOp[] = [], about?: string) => {
    return prober.ask(rpcs.txn, { success, failure }, about === undefined ? {} : { about });
  };
  await txn([]);
  await txn([rangeOp("a")]);
  await txn([
    putOp("t/1"),
    putOp("t/2"),
    rangeOp("t/1"),
    rangeOp("t/", { rangeEnd: bytes("t0"), countOnly: true }),
  ]);
  await txn([putOp("t/1", "x", { prevKv: true }), deleteOp("t/2", { prevKv: true })]);
  await txn([deleteOp("none")]);
  await txn([deleteOp("none"), putOp("t/3")]);
  await txn([putOp("x"), putOp("x")]);
  await txn([putOp("x"), deleteOp("x")]);
  await txn([deleteOp("x"), putOp("x")]);
  await txn([deleteOp("x"), deleteOp("x")]);
  await txn([putOp("t/1"), deleteOp("t/", { rangeEnd: bytes("t0") })]);
  await txn([deleteOp("t/", { rangeEnd: bytes("t0") }), putOp("t/1")]);
  await txn([putOp("u"), deleteOp("v", { rangeEnd: ZERO })]);
  await txn([deleteOp("v", { rangeEnd: ZERO }), putOp("w")]);
  await txn([], [putOp("x"), putOp("x")]);
  await txn([putOp("")]);
  await txn([rangeOp("")]);
  await txn([deleteOp("")]);
  await txn([{ request: { oneofKind: undefined } }]);
  await txn([putOp("a"), { request: { oneofKind: undefined } }]);
  await txn([putOp("x", "v", { lease: 999n })]);
  await txn([putOp("before-lease"), putOp("x", "v", { lease: 999n })]);
  await prober.ask(rpcs.range, { key: bytes("before-lease") });
  await txn([putOp("x", "v", { ignoreValue: true })]);
  await txn([putOp("x", "", { ignoreValue: true })]);
  await txn([putOp("y"), putOp("x", "", { ignoreValue: true })]);
  await txn([putOp("x", "v", { ignoreLease: true, lease: 1n })]);
  await txn([rangeOp("a", { revision: 1000n })]);
  await txn([putOp("z"), rangeOp("a", { revision: 1000n })]);
  await prober.ask(rpcs.range, { key: bytes("z") });
  await txn([txnOp({ success: [putOp("nested/1"), rangeOp("nested/1")] })]);
  await txn([txnOp({ success: [txnOp({ success: [putOp("nested/2")] })] }), putOp("nested/3")]);
  await txn([txnOp({ success: [putOp("same")] }), putOp("same")]);
  await txn([txnOp({ success: [putOp("same")], failure: [putOp("same")] })]);
  await txn([txnOp({ success: [putOp("same")] }), txnOp({ success: [putOp("same")] })]);
  await txn([txnOp({ compare: [modEquals("same", 0n)], success: [putOp("if")], failure: [putOp("else")] })]);
  await txn([
    putOp("order/1"),
    txnOp({ compare: [modEquals("order/1", 0n)], success: [rangeOp("order/1")] }),
  ]);
}

function modEquals(key: string, modRevision: bigint): pb.Compare {
  return {
    result: Result.EQUAL,
    target: Target.MOD,
    key: bytes(key),
    rangeEnd: new Uint8Array(0),
    targetUnion: { oneofKind: "modRevision", modRevision },
  };
}

async function comparisons(prober: Prober): Promise<void> {
  const compare = (request: Partial<pb.Compare>) => {
    return prober.ask(rpcs.txn, { compare: [{ ...modEquals("a", 0n), ...request }] });
  };
  for (const result of [Result.EQUAL, Result.GREATER, Result.LESS, Result.NOT_EQUAL, 9 as never]) {
    await compare({ result });
    await compare({ result, key: bytes("none") });
    await compare({ result, target: Target.VERSION, targetUnion: { oneofKind: "version", version: 4n } });
    await compare({
      result,
      target: Target.CREATE,
      targetUnion: { oneofKind: "createRevision", createRevision: 2n },
    });
    await compare({ result, target: Target.VALUE, targetUnion: { oneofKind: "value", value: bytes("") } });
    await compare({ result, target: Target.LEASE, targetUnion: { oneofKind: "lease", lease: 0n } });
    await compare({
      result,
      key: bytes("none"),
      target: Target.VALUE,
      targetUnion: { oneofKind: "value", value: bytes("") },
    });
    await compare({ result, key: ZERO, rangeEnd: ZERO });
    await compare({
      result,
      key: bytes("b"),
      rangeEnd: bytes("d"),
      target: Target.VERSION,
      targetUnion: { oneofKind: "version", version: 1n },
    });
    await compare({ result, key: bytes("nobody/"), rangeEnd: bytes("nobody0") });
  }
  await compare({ key: new Uint8Array(0) });
  await compare({ targetUnion: { oneofKind: undefined } });
  await compare({ target: Target.VALUE, targetUnion: { oneofKind: "version", version: 1n } });
  await compare({ target: Target.VALUE, targetUnion: { oneofKind: undefined } });
  await compare({ target: 9 as never });
}

async function limits(prober: Prober): Promise<void> {
  const ops = (count: number) => Array.from({ length: count }, (_, at) => rangeOp(`many-${at}`));
  const compares = (count: number) => Array.from({ length: count }, (_, at) => modEquals(`many-${at}`, 0n));
  await prober.ask(rpcs.txn, { success: ops(129) }, { about: "129 operations" });
  await prober.ask(rpcs.txn, { failure: ops(129) }, { about: "129 operations in failure" });
  await prober.ask(rpcs.txn, { compare: compares(129) }, { about: "129 comparisons" });
  await prober.ask(rpcs.txn, { compare: compares(128) }, { about: "128 comparisons" });
  await prober.ask(
    rpcs.txn,
    { success: [txnOp({ success: ops(129) })] },
    { about: "129 operations in a transaction of a transaction" },
  );
  const value = (size: number): Uint8Array => new Uint8Array(size);
  for (const size of [1_000_000, 1_572_000, 1_572_864, 1_573_000, 2_000_000]) {
    await prober.ask(rpcs.put, { key: bytes("large"), value: value(size) }, { about: `${size} bytes` });
  }
  await prober.ask(
    rpcs.put,
    { key: bytes("large"), value: value(3_000_000) },
    { about: "3000000 bytes", isCodeOnly: true },
  );
  await prober.ask(rpcs.deleteRange, { key: bytes("large") });
}

async function compactions(prober: Prober): Promise<void> {
  const compact = (revision: bigint, physical = false) => prober.ask(rpcs.compact, { revision, physical });
  await compact(0n);
  await compact(-1n);
  await compact(1000n);
  await compact(5n);
  await compact(5n);
  await compact(4n);
  await compact(7n, true);
  for (const revision of [4n, 6n, 7n, 8n]) await prober.ask(rpcs.range, { key: bytes("a"), revision });
  await prober.ask(rpcs.txn, { success: [rangeOp("a", { revision: 2n })] });
  await prober.ask(rpcs.range, { key: ZERO, rangeEnd: ZERO });
}
