/**
 * Claims to one thing, of which the oldest is granted; as etcd's clients make them by themselves, so that all of them wait for
 * each other.
 *
 * A claim is the key NAME/LEASE, the lease in hex, bound to that lease. The keys below NAME/ are a queue in the order of their
 * creation; each waits for the one before it to be deleted, by its owner or with its lease.
 */
import { etcdserverpb, mvccpb } from "@lattice/etcd-proto";
import { concatBytes, prefixEnd, utf8 } from "@lattice/model";
import { LEASE_TTL_DEFAULT, WITHDRAWAL_MS } from "./limits.ts";
import type { LocalClient } from "./local-client.ts";

type Header = etcdserverpb.ResponseHeader;
const { RangeRequest, PutRequest, DeleteRangeRequest } = etcdserverpb;
const { RangeRequest_SortOrder: Order, RangeRequest_SortTarget: Target } = etcdserverpb;
const { Compare_CompareResult: Result, Compare_CompareTarget: CompareTarget } = etcdserverpb;

export interface Claim {
  readonly key: Uint8Array;
  /** At which it was created, and what tells it from an earlier or later one of the same lease. */
  readonly revision: bigint;
  readonly lease: bigint;
}

export interface Claimed {
  readonly claim: Claim;
  readonly header: Header;
  /** As it is by now: the claim may be an older one of the same lease. */
  readonly value: Uint8Array;
  readonly isGranted: boolean;
}

export interface ClaimRequest {
  readonly name: Uint8Array;
  /** 0: a new one. */
  readonly lease: bigint;
  readonly value: Uint8Array;
}

/** Joins the queue, or finds the place that the lease has in it. Fails where there is no such lease. */
export async function makeClaim(client: LocalClient, request: ClaimRequest): Promise<Claimed> {
  const { name, value } = request;
  const lease = request.lease === 0n ? await client.grantLease(LEASE_TTL_DEFAULT) : request.lease;
  const key = concatBytes(queueOf(name), utf8(lease.toString(16)));
  const { succeeded, responses, header } = await client.txn({
    compare: [createdAt({ key, revision: 0n })],
    success: [putOp({ key, value, lease }), rangeOp(firstOf(name))],
    failure: [rangeOp({ key }), rangeOp(firstOf(name))],
  });
  const existing = succeeded ? undefined : keyOf(responses[0])!;
  const revision = existing?.createRevision ?? header!.revision;
  const first = keyOf(responses[1]);
  return {
    claim: { key, revision, lease },
    header: header!,
    value: existing?.value ?? value,
    isGranted: first === undefined || first.createRevision === revision,
  };
}

/**
 * Resolves when all claims before it have gone; with the header of the moment at which this one was seen to be the first, undefined where
 * it is itself gone. When the call is over, the claim is taken back.
 */
export async function awaitGrant(
  client: LocalClient,
  name: Uint8Array,
  claim: Claim,
): Promise<Header | undefined> {
  using scope = new WaitScope(client.signal);
  const waiting = client.until(scope.signal);
  try {
    const isGone = awaitDeletion(waiting, claim.key, claim.revision).then(() => true);
    const isFirst = awaitPredecessors(waiting, name, claim.revision).then(() => false);
    isGone.catch(() => {});
    isFirst.catch(() => {});
    if (await Promise.race([isGone, isFirst])) return undefined;
    const { kvs, header } = await client.range({ key: claim.key });
    return kvs[0]?.createRevision === claim.revision ? header! : undefined;
  } catch (error) {
    await withdraw(client, claim);
    throw error;
  }
}

/** Of a claim that is granted, or waits. Says nothing where it is gone already. */
export async function takeBack(client: LocalClient, claim: Claim): Promise<Header> {
  const deletion = DeleteRangeRequest.create({ key: claim.key });
  const { header } = await client.txn({
    compare: [createdAt(claim)],
    success: [{ request: { oneofKind: "requestDeleteRange", requestDeleteRange: deletion } }],
    failure: [],
  });
  return header!;
}

/** Undefined where it is gone. */
export async function changeValue(
  client: LocalClient,
  claim: Claim,
  value: Uint8Array,
): Promise<Header | undefined> {
  const { key, lease } = claim;
  const { succeeded, header } = await client.txn({
    compare: [createdAt(claim)],
    success: [putOp({ key, value, lease })],
    failure: [],
  });
  return succeeded ? header : undefined;
}

/** The oldest claim, which is the one that is granted. */
export async function grantedClaim(
  client: LocalClient,
  name: Uint8Array,
): Promise<{ readonly header: Header; readonly kv: mvccpb.KeyValue | undefined }> {
  const { header, kvs } = await client.range(firstOf(name));
  return { header: header!, kv: kvs[0] };
}

/** Keys that are claims to it. */
export function queueRange(name: Uint8Array): { readonly key: Uint8Array; readonly rangeEnd: Uint8Array } {
  const key = queueOf(name);
  return { key, rangeEnd: prefixEnd(key)! };
}

async function awaitPredecessors(client: LocalClient, name: Uint8Array, revision: bigint): Promise<void> {
  for (;;) {
    const { header, kvs } = await client.range({
      ...queueRange(name),
      sortTarget: Target.CREATE,
      sortOrder: Order.DESCEND,
      maxCreateRevision: revision - 1n,
      limit: 1n,
    });
    if (kvs[0] === undefined) return;
    await awaitDeletion(client, kvs[0].key, header!.revision);
  }
}

/** After that revision, at which it is there. */
async function awaitDeletion(client: LocalClient, key: Uint8Array, revision: bigint): Promise<void> {
  let from = revision + 1n;
  for (;;) {
    for await (const { events } of client.watch({ key, startRevision: from })) {
      if (events.some(({ type }) => type === mvccpb.Event_EventType.DELETE)) return;
    }
    // Ended by the server: what happened up to now may have been compacted, or may not be seen any more, which this fails with.
    const { header, kvs } = await client.range({ key });
    if (kvs[0] === undefined || kvs[0].createRevision > revision) return;
    from = header!.revision + 1n;
  }
}

/** Its owner has gone and will never know that it was granted. */
async function withdraw(client: LocalClient, claim: Claim): Promise<void> {
  // Where that fails, the lease takes it back.
  await takeBack(client.until(AbortSignal.timeout(WITHDRAWAL_MS)), claim).catch(() => undefined);
}

/** Aborts what is under way in it when it ends, or when what is around it does. */
class WaitScope implements Disposable {
  readonly #end = new AbortController();
  readonly signal: AbortSignal;

  constructor(around: AbortSignal) {
    this.signal = AbortSignal.any([around, this.#end.signal]);
  }

  [Symbol.dispose](): void {
    this.#end.abort();
  }
}

function queueOf(name: Uint8Array): Uint8Array {
  return concatBytes(name, utf8("/"));
}

function firstOf(name: Uint8Array): Partial<etcdserverpb.RangeRequest> {
  return { ...queueRange(name), sortTarget: Target.CREATE, sortOrder: Order.ASCEND, limit: 1n };
}

function createdAt({ key, revision }: Pick<Claim, "key" | "revision">): etcdserverpb.Compare {
  return {
    key,
    rangeEnd: new Uint8Array(0),
    result: Result.EQUAL,
    target: CompareTarget.CREATE,
    targetUnion: { oneofKind: "createRevision", createRevision: revision },
  };
}

function putOp(put: Partial<etcdserverpb.PutRequest>): etcdserverpb.RequestOp {
  return { request: { oneofKind: "requestPut", requestPut: PutRequest.create(put) } };
}

function rangeOp(range: Partial<etcdserverpb.RangeRequest>): etcdserverpb.RequestOp {
  return { request: { oneofKind: "requestRange", requestRange: RangeRequest.create(range) } };
}

function keyOf(op: etcdserverpb.ResponseOp | undefined): mvccpb.KeyValue | undefined {
  return op?.response.oneofKind === "responseRange" ? op.response.responseRange.kvs[0] : undefined;
}
