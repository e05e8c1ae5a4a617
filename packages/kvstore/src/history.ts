/**
 * The writes of a key, the latest first: a walk from its heads along what each write supersedes, in the DAG. Every
 * write that is no head was superseded by a later one, so the walk meets all that the DAG still holds.
 *
 * Invariants
 *  1. `pending` is all there is to know of the walk's place: what was superseded is older than what superseded it, so what
 *     was met cannot turn up again.
 */
import { compareHeads, readHeads, readRegisters, type Head } from "@lattice/kvtable";
import {
  bytesKey,
  compareBytes,
  concatBytes,
  equalBytes,
  ID_BYTES,
  LatticeError,
  type IntentionId,
} from "@lattice/model";
import type { Op, QueryContext } from "@lattice/store";
import { checkKey } from "./check-request.ts";
import type { HistoryReply, HistoryRequest, KvOp, KvWrite } from "./gen/lattice/kvstore/v1/kvstore.ts";
import { KEYS, refusalOfOp } from "./kv-op.ts";
import { HEAD_COUNT_MAX, HISTORY_PENDING_COUNT_MAX, PAGE_BYTES_MAX } from "./limits.ts";
import { pageCount } from "./page.ts";
import { headMessage } from "./queries.ts";

type Context = QueryContext<KvOp>;

interface PastWrite extends Head {
  readonly supersedes: readonly IntentionId[];
}

export function history(context: Context, request: HistoryRequest): HistoryReply {
  checkKey(request.key);
  const countMax = pageCount(request.limit);
  const walk = new Walk(context, request.key);
  walk.add(request.cursor.length === 0 ? headIds(context, request.key) : decodeCursor(request.cursor));
  const writes = [];
  let bytes = 0;
  while (writes.length < countMax && bytes < PAGE_BYTES_MAX) {
    const write = walk.next();
    if (write === undefined) break;
    writes.push(headMessage(write));
    bytes += write.value?.length ?? 0;
  }
  return { writes, next: concatBytes(...walk.pendingIds()) };
}

function headIds(context: Context, key: Uint8Array): readonly IntentionId[] {
  return readHeads(readRegisters(context.read, KEYS), key, HEAD_COUNT_MAX).map((head) => head.id);
}

function decodeCursor(cursor: Uint8Array): readonly IntentionId[] {
  if (cursor.length % ID_BYTES !== 0 || cursor.length > HISTORY_PENDING_COUNT_MAX * ID_BYTES) {
    throw new LatticeError(
      "invalid-argument",
      "the cursor is none of history; pass `next` of the page before",
    );
  }
  const ids: IntentionId[] = [];
  for (let at = 0; at < cursor.length; at += ID_BYTES)
    ids.push(cursor.subarray(at, at + ID_BYTES) as IntentionId);
  return ids;
}

class Walk {
  readonly #context: Context;
  readonly #key: Uint8Array;
  readonly #pending = new Map<string, PastWrite>();

  constructor(context: Context, key: Uint8Array) {
    this.#context = context;
    this.#key = key;
  }

  add(ids: readonly IntentionId[]): void {
    for (const id of ids) {
      const name = bytesKey(id);
      if (this.#pending.has(name)) continue;
      const write = pastWrite(this.#context.op(id), this.#key);
      if (write !== undefined) this.#pending.set(name, write);
    }
  }

  next(): PastWrite | undefined {
    let latest: PastWrite | undefined;
    for (const write of this.#pending.values()) {
      if (latest === undefined || compareHeads(write, latest) > 0) latest = write;
    }
    if (latest === undefined) return undefined;
    this.#pending.delete(bytesKey(latest.id));
    this.add(latest.supersedes);
    return latest;
  }

  /** The latest, where there are more than a cursor holds. */
  pendingIds(): readonly IntentionId[] {
    const ids = [...this.#pending.values()].map((write) => write.id);
    return ids.sort((a, b) => compareBytes(b, a)).slice(0, HISTORY_PENDING_COUNT_MAX);
  }
}

/** Undefined where the op is not held, counts for nothing, or does not write the key. */
function pastWrite(op: Op<KvOp> | undefined, key: Uint8Array): PastWrite | undefined {
  if (op === undefined || refusalOfOp(op) !== undefined) return undefined;
  const write: KvWrite | undefined = op.payload.writes.findLast((each) => equalBytes(each.key, key));
  if (write === undefined) return undefined;
  const supersedes = write.supersedes as IntentionId[];
  return { id: op.id, author: op.author, value: write.value, supersedes };
}
