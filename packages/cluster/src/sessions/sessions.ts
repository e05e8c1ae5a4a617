/**
 * Sessions of clients, so that a write that is sent again is done once (Ongaro's thesis §6.3).
 *
 * A client draws an id and numbers its writes from 1 on, one at a time: a write has its answer before the next one is sent. Of each session the
 * last write and what became of it are remembered, here in the replicated state. The same write again, at whatever member,
 * gets that and is not done again.
 *
 * Rules
 *  1. A session begins with number 1. Numbers only grow; some may be left out.
 *  2. An older number than the last is refused: its answer is forgotten. So is the last number with another request.
 *  3. Whoever is refused for who he is has not been here: permissions are checked before a session is looked at.
 *  4. Past `SESSIONS_MAX` and `SESSION_BYTES_MAX` the session that was used longest ago, in the log's order, is forgotten. A
 *     number greater than 1 of a session that is not known is refused, since it may have been done. So only the very first
 *     write of a session could be done twice, by a client that sends it again after that many others have come.
 */
import { hash } from "node:crypto";
import { etcdserverpb, EtcdError, GrpcCode } from "@lattice/etcd-proto";
import { concatBytes, readSeqBe, u64be, utf8 } from "@lattice/model";
import type { IMessageType } from "@protobuf-ts/runtime";
import type { Storage, Table } from "@lattice/storage";
import type { Outcome } from "../machine/outcome.ts";
import { RequestKind, type ClusterRequest, type RequestSession } from "../machine/request.ts";
import { ANSWER_BYTES_MAX, SESSION_BYTES_MAX, SESSIONS_MAX } from "./limits.ts";
import { decodeSessionRow, encodeSessionRow, type RecordedOutcome, type SessionRow } from "./session-row.ts";

const SESSION_TABLE = "sessions";
const ORDER_TABLE = "session-order";

/** What a storage that holds sessions is to be opened with. */
export const SESSION_TABLES: readonly string[] = [SESSION_TABLE, ORDER_TABLE];

type WriteTable = (name: string) => Table;

export interface SessionBounds {
  readonly sessionsMax: number;
  readonly bytesMax: number;
}

const DEFAULT_BOUNDS: SessionBounds = { sessionsMax: SESSIONS_MAX, bytesMax: SESSION_BYTES_MAX };

const FINGERPRINT_BYTES = 16;

/** A row of each table, beside what the row of the session holds. */
const ROW_OVERHEAD_BYTES = 128;

/** Writes that belong to a session, if the client wants it so. Others do what they do as often as they come. */
const RESPONSES: ReadonlyMap<RequestKind, IMessageType<object>> = new Map<RequestKind, IMessageType<object>>([
  [RequestKind.PUT, etcdserverpb.PutResponse],
  [RequestKind.DELETE_RANGE, etcdserverpb.DeleteRangeResponse],
  [RequestKind.TXN, etcdserverpb.TxnResponse],
  [RequestKind.COMPACT, etcdserverpb.CompactionResponse],
  [RequestKind.LEASE_GRANT, etcdserverpb.LeaseGrantResponse],
  [RequestKind.LEASE_REVOKE, etcdserverpb.LeaseRevokeResponse],
]);

export class Sessions {
  readonly #bounds: SessionBounds;
  #storage: Storage;
  #count = 0;
  #bytes = 0;
  #lastOrder = 0;

  constructor(storage: Storage, bounds = DEFAULT_BOUNDS) {
    this.#storage = storage;
    this.#bounds = bounds;
    this.reload(storage);
  }

  get count(): number {
    return this.#count;
  }

  /** As far as this member knows. */
  has(session: RequestSession): boolean {
    const row = this.#row(session);
    return row !== undefined && row.seq >= session.seq;
  }

  /** Another state has taken the place of this one. */
  reload(storage: Storage): void {
    this.#storage = storage;
    this.#count = 0;
    this.#bytes = 0;
    this.#lastOrder = 0;
    for (const [, row] of storage.table(SESSION_TABLE).range()) this.#grow(row);
    for (const [order] of storage.table(ORDER_TABLE).range({ reverse: true, limit: 1 })) {
      this.#lastOrder = readSeqBe(order);
    }
  }

  /** What became of the request when it came before, or why it is not to be done; undefined where it is new, or of no session. */
  lookup(request: ClusterRequest): Outcome | undefined {
    const { session } = request;
    if (session === undefined || !RESPONSES.has(request.kind)) return undefined;
    const row = this.#row(session);
    if (row === undefined) return session.seq === 1 ? undefined : expired(session);
    if (session.seq > row.seq) return undefined;
    if (session.seq < row.seq) return stale(session, row);
    if (Buffer.compare(fingerprintOf(request), row.fingerprint) !== 0) return another(session);
    return replayed(request, row.outcome);
  }

  /** Once it is done, in the same transaction. To be called exactly where `lookup` gave nothing. */
  record(table: WriteTable, request: ClusterRequest, outcome: Outcome): void {
    const { kind, session } = request;
    const type = RESPONSES.get(kind);
    if (session === undefined || type === undefined) return;
    this.#forget(table, session.id);
    this.#lastOrder += 1;
    const order = this.#lastOrder;
    const { seq } = session;
    const recorded = recordedOf(outcome, type);
    const row = encodeSessionRow({ order, seq, fingerprint: fingerprintOf(request), outcome: recorded });
    table(SESSION_TABLE).put(session.id, row);
    table(ORDER_TABLE).put(u64be(order), session.id);
    this.#grow(row);
    this.#evict(table);
  }

  #evict(table: WriteTable): void {
    const { sessionsMax, bytesMax } = this.#bounds;
    while (this.#count > sessionsMax || (this.#bytes > bytesMax && this.#count > 1)) {
      const [oldest] = table(ORDER_TABLE).range({ limit: 1 });
      this.#forget(table, oldest![1]);
    }
  }

  #forget(table: WriteTable, id: Uint8Array): void {
    const bytes = table(SESSION_TABLE).get(id);
    if (bytes === undefined) return;
    table(SESSION_TABLE).delete(id);
    table(ORDER_TABLE).delete(u64be(decodeSessionRow(bytes).order));
    this.#count -= 1;
    this.#bytes -= bytes.length + ROW_OVERHEAD_BYTES;
  }

  #grow(row: Uint8Array): void {
    this.#count += 1;
    this.#bytes += row.length + ROW_OVERHEAD_BYTES;
  }

  #row({ id }: RequestSession): SessionRow | undefined {
    const bytes = this.#storage.table(SESSION_TABLE).get(id);
    return bytes && decodeSessionRow(bytes);
  }
}

function recordedOf(outcome: Outcome, type: IMessageType<object>): RecordedOutcome {
  if (outcome instanceof EtcdError) return { kind: "refused", error: outcome };
  const { revision } = outcome;
  const response = type.toBinary(outcome.response);
  return response.length > ANSWER_BYTES_MAX
    ? { kind: "forgotten", revision }
    : { kind: "done", revision, response };
}

function replayed({ kind, session }: ClusterRequest, outcome: RecordedOutcome): Outcome {
  switch (outcome.kind) {
    case "done":
      return { revision: outcome.revision, response: RESPONSES.get(kind)!.fromBinary(outcome.response) };
    case "forgotten":
      return refused(
        `request ${session!.seq} was done at revision ${outcome.revision}; its answer was too large to be kept`,
      );
    case "refused":
      return outcome.error;
  }
}

/** Who asks is part of it, so that nobody is shown what another was answered. */
function fingerprintOf({ kind, user, body }: ClusterRequest): Uint8Array {
  const whole = concatBytes(Uint8Array.of(kind), u64be(body.length), body, utf8(user?.name ?? ""));
  // At once: a hash that is fed takes twice as long.
  return new Uint8Array(hash("sha256", whole, "buffer").subarray(0, FINGERPRINT_BYTES));
}

function expired({ seq }: RequestSession): EtcdError {
  return refused(
    `there is no such session (any more), so request ${seq} may have been done; begin a new session with number 1`,
  );
}

function stale({ seq }: RequestSession, row: SessionRow): EtcdError {
  return refused(`request ${seq} of this session is behind ${row.seq}, and its answer is forgotten`);
}

function another({ seq }: RequestSession): EtcdError {
  return refused(`request ${seq} of this session was another one; number each request anew`);
}

function refused(why: string): EtcdError {
  return new EtcdError(GrpcCode.FAILED_PRECONDITION, `lattice: ${why}`);
}
