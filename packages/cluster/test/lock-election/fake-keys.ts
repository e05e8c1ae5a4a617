/** Keys, leases and watches of one member, as simple as they can be: what locks and elections are tried on. */
import { etcdserverpb, EtcdError, mvccpb } from "@lattice/etcd-proto";
import type { Method, StreamCall } from "@lattice/grpc-front";
import { bytesKey, compareBytes } from "@lattice/model";
import { asGrpcError } from "../../src/services/unary-method.ts";

const pb = etcdserverpb;
const DELETE = mvccpb.Event_EventType.DELETE;
const PUT = mvccpb.Event_EventType.PUT;

interface Watch {
  readonly request: etcdserverpb.WatchCreateRequest;
  readonly call: StreamCall;
}

export class FakeKeys {
  revision = 1n;
  compacted = 0n;
  readonly #keys = new Map<string, mvccpb.KeyValue>();
  readonly #leases = new Set<bigint>();
  readonly #history: mvccpb.Event[] = [];
  readonly #watches = new Set<Watch>();
  #nextLease = 0x1000n;
  /** Called before a method is; may throw, or wait. */
  before: (path: string, token: string | undefined) => Promise<void> | void = () => undefined;

  readonly methods: ReadonlyMap<string, Method> = new Map<string, Method>([
    this.#unary("KV/Range", (bytes) =>
      pb.RangeResponse.toBinary(this.#range(pb.RangeRequest.fromBinary(bytes))),
    ),
    this.#unary("KV/Txn", (bytes) => pb.TxnResponse.toBinary(this.#txn(pb.TxnRequest.fromBinary(bytes)))),
    this.#unary("KV/DeleteRange", (bytes) => {
      const { key } = pb.DeleteRangeRequest.fromBinary(bytes);
      if (key.length === 0) throw EtcdError.of("emptyKey");
      const deleted = this.#write((revision) => this.#delete(key, revision));
      return pb.DeleteRangeResponse.toBinary(
        pb.DeleteRangeResponse.create({ header: this.#header(), deleted: BigInt(deleted) }),
      );
    }),
    this.#unary("Lease/LeaseGrant", () => {
      const id = this.#nextLease++;
      this.grant(id);
      return pb.LeaseGrantResponse.toBinary(
        pb.LeaseGrantResponse.create({ header: this.#header(), id, ttl: 60n }),
      );
    }),
    ["/etcdserverpb.Watch/Watch", { kind: "stream", handle: (call) => this.#watch(call) }],
  ]);

  grant(lease: bigint): void {
    this.#leases.add(lease);
  }

  expire(lease: bigint): void {
    this.#leases.delete(lease);
    const bound = [...this.#keys.values()].filter((kv) => kv.lease === lease);
    this.#write((revision) => bound.filter(({ key }) => this.#delete(key, revision) > 0).length);
  }

  /** Forgets what happened, and ends all watches as a server does whose watchers have fallen behind that. */
  compact(): void {
    this.compacted = this.revision;
    for (const watch of this.#watches) this.#cancel(watch);
  }

  keys(): string[] {
    return [...this.#keys.keys()];
  }

  get watchCount(): number {
    return this.#watches.size;
  }

  #unary(name: string, handle: (bytes: Uint8Array) => Uint8Array): [string, Method] {
    const path = `/etcdserverpb.${name}`;
    return [
      path,
      {
        kind: "unary",
        handle: async (bytes, call) => {
          try {
            await this.before(path, call.metadata.get("token"));
            call.signal.throwIfAborted();
            return handle(bytes);
          } catch (error) {
            throw asGrpcError(error);
          }
        },
      },
    ];
  }

  #range(request: etcdserverpb.RangeRequest): etcdserverpb.RangeResponse {
    const { key, rangeEnd, maxCreateRevision, sortOrder, sortTarget, limit } = request;
    let kvs = [...this.#keys.values()].filter((kv) => isIn({ key, rangeEnd }, kv.key));
    if (maxCreateRevision > 0n) kvs = kvs.filter((kv) => kv.createRevision <= maxCreateRevision);
    kvs.sort((a, b) => compareBytes(a.key, b.key));
    if (sortTarget === pb.RangeRequest_SortTarget.CREATE) {
      kvs.sort((a, b) => Number(a.createRevision - b.createRevision));
      if (sortOrder === pb.RangeRequest_SortOrder.DESCEND) kvs.reverse();
    }
    if (limit > 0n) kvs = kvs.slice(0, Number(limit));
    return pb.RangeResponse.create({ header: this.#header(), kvs });
  }

  #txn({ compare, success, failure }: etcdserverpb.TxnRequest): etcdserverpb.TxnResponse {
    const succeeded = compare.every(({ key, targetUnion }) => {
      if (targetUnion.oneofKind !== "createRevision") throw new Error("not what locks compare");
      return (this.#keys.get(bytesKey(key))?.createRevision ?? 0n) === targetUnion.createRevision;
    });
    const responses: etcdserverpb.ResponseOp[] = [];
    this.#write((revision) => {
      let changes = 0;
      for (const { request } of succeeded ? success : failure) {
        if (request.oneofKind === "requestPut") {
          this.#put(request.requestPut, revision);
          changes += 1;
          responses.push({ response: { oneofKind: "responsePut", responsePut: pb.PutResponse.create() } });
        } else if (request.oneofKind === "requestDeleteRange") {
          changes += this.#delete(request.requestDeleteRange.key, revision);
          responses.push({
            response: {
              oneofKind: "responseDeleteRange",
              responseDeleteRange: pb.DeleteRangeResponse.create(),
            },
          });
        } else if (request.oneofKind === "requestRange") {
          responses.push({
            response: { oneofKind: "responseRange", responseRange: this.#range(request.requestRange) },
          });
        }
      }
      return changes;
    });
    return pb.TxnResponse.create({ header: this.#header(), succeeded, responses });
  }

  /** All that `change` does is of one revision, which there is only if it does anything. */
  #write(change: (revision: bigint) => number): number {
    const count = change(this.revision + 1n);
    if (count > 0) {
      this.revision += 1n;
      for (const watch of this.#watches) this.#tell(watch, this.revision);
    }
    return count;
  }

  #put({ key, value, lease }: etcdserverpb.PutRequest, revision: bigint): void {
    if (lease !== 0n && !this.#leases.has(lease)) throw EtcdError.of("leaseNotFound");
    const before = this.#keys.get(bytesKey(key));
    const kv: mvccpb.KeyValue = {
      key,
      value,
      lease,
      createRevision: before?.createRevision ?? revision,
      modRevision: revision,
      version: (before?.version ?? 0n) + 1n,
    };
    this.#keys.set(bytesKey(key), kv);
    this.#history.push({ type: PUT, kv });
  }

  #delete(key: Uint8Array, revision: bigint): number {
    if (!this.#keys.delete(bytesKey(key))) return 0;
    this.#history.push({ type: DELETE, kv: mvccpb.KeyValue.create({ key, modRevision: revision }) });
    return 1;
  }

  async #watch(call: StreamCall): Promise<void> {
    await this.before("Watch", call.metadata.get("token"));
    let watch: Watch | undefined;
    try {
      for await (const bytes of call.requests) {
        const { requestUnion } = pb.WatchRequest.fromBinary(bytes);
        if (requestUnion.oneofKind !== "createRequest") continue;
        const request = requestUnion.createRequest;
        watch = { request, call };
        this.#watches.add(watch);
        call.send(
          pb.WatchResponse.toBinary(pb.WatchResponse.create({ header: this.#header(), created: true })),
        );
        if (request.startRevision <= this.compacted) this.#cancel(watch);
        else this.#tell(watch, request.startRevision);
      }
    } finally {
      if (watch !== undefined) this.#watches.delete(watch);
    }
  }

  #cancel(watch: Watch): void {
    this.#watches.delete(watch);
    const { compacted } = this;
    const over = { header: this.#header(), canceled: true, compactRevision: compacted };
    watch.call.send(pb.WatchResponse.toBinary(pb.WatchResponse.create(over)));
  }

  #tell({ request, call }: Watch, from: bigint): void {
    const events = this.#history.filter(
      ({ kv }) =>
        kv!.modRevision >= from && kv!.modRevision >= request.startRevision && isIn(request, kv!.key),
    );
    if (events.length === 0) return;
    call.send(pb.WatchResponse.toBinary(pb.WatchResponse.create({ header: this.#header(), events })));
  }

  #header(): etcdserverpb.ResponseHeader {
    return pb.ResponseHeader.create({ revision: this.revision });
  }
}

function isIn({ key, rangeEnd }: { key: Uint8Array; rangeEnd: Uint8Array }, candidate: Uint8Array): boolean {
  if (rangeEnd.length === 0) return compareBytes(candidate, key) === 0;
  return compareBytes(candidate, key) >= 0 && compareBytes(candidate, rangeEnd) < 0;
}
