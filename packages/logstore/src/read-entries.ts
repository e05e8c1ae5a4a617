/** append, read and count. */
import { compareBytes, hlcToMs, LatticeError, readU64be, u64be } from "@lattice/model";
import type { CommandContext, QueryContext, StateRange, StateTableReader } from "@lattice/store";
import {
  authorOfKey,
  decodeEntry,
  entriesOf,
  FORKED_KEY_BYTES,
  ORDER_KEY_BYTES,
  type Entry,
} from "./entries.ts";
import type {
  AppendReply,
  AppendRequest,
  CountReply,
  LogEntry,
  LogOp,
  ReadReply,
  ReadRequest,
} from "./gen/lattice/logstore/v1/logstore.ts";
import {
  CONTENT_BYTES_MAX,
  PAGE_BYTES_MAX,
  PAGE_COUNT_DEFAULT,
  PAGE_COUNT_MAX,
  TAIL_COUNT_MAX,
} from "./limits.ts";

export async function append(context: CommandContext<LogOp>, request: AppendRequest): Promise<AppendReply> {
  const { content } = request;
  if (content.length > CONTENT_BYTES_MAX) {
    throw new LatticeError(
      "too-large",
      `the entry has ${content.length} bytes; at most ${CONTENT_BYTES_MAX} (512 KiB) are allowed`,
    );
  }
  const { hash } = await context.submit({ content });
  return { hash };
}

export function count(context: QueryContext<LogOp>): CountReply {
  return { count: BigInt(entriesOf(context.read).count()) };
}

export function read(context: QueryContext<LogOp>, request: ReadRequest): ReadReply {
  const { tail, cursor, reverse, limit } = request;
  checkTail(tail);
  checkCursor(cursor);
  const table = entriesOf(context.read);
  const within = { ...tailRange(table, timeRange(request.fromMs, request.toMs), tail), reverse };
  const countMax = limit === 0 ? PAGE_COUNT_DEFAULT : Math.min(limit, PAGE_COUNT_MAX);
  const { entries, next } = readPage(table, behind(within, cursor), countMax);
  return { entries: entries.map(entryMessage), next: next ?? new Uint8Array() };
}

export function checkTail(tail: number): void {
  if (tail > TAIL_COUNT_MAX) {
    throw new LatticeError(
      "invalid-argument",
      `the tail is ${tail} long; at most ${TAIL_COUNT_MAX}: use a time or a cursor`,
    );
  }
}

export function checkCursor(cursor: Uint8Array): void {
  if (cursor.length === 0 || cursor.length === ORDER_KEY_BYTES || cursor.length === FORKED_KEY_BYTES) return;
  throw new LatticeError(
    "invalid-argument",
    "the cursor is none of this log; pass an entry's `cursor`, or `next`",
  );
}

/** Bounds as they are joined with others: the lower one inclusive or not, the upper one exclusive. */
export interface EntryRange {
  readonly gte?: Uint8Array;
  readonly gt?: Uint8Array;
  readonly lt?: Uint8Array;
  readonly reverse: boolean;
}

/** 0 stands for "no bound". */
function timeRange(fromMs: bigint, toMs: bigint): EntryRange {
  return {
    ...(fromMs === 0n ? {} : { gte: timeKey(fromMs) }),
    ...(toMs === 0n ? {} : { lt: timeKey(toMs) }),
    reverse: false,
  };
}

const TIME_MS_MAX = (1n << 48n) - 1n;

/** Below every key of this millisecond and above all of those before it. */
function timeKey(ms: bigint): Uint8Array {
  return u64be((ms > TIME_MS_MAX ? TIME_MS_MAX : ms) << 16n);
}

/** The last `tail` entries of the range; 0 stands for all. */
export function tailRange(table: StateTableReader, range: EntryRange, tail: number): EntryRange {
  if (tail === 0 || isEmpty(range)) return range;
  let first: Uint8Array | undefined;
  for (const [key] of table.range({ ...range, reverse: true, limit: tail })) first = key;
  return first === undefined ? range : { ...range, gte: first };
}

/** What lies behind the cursor, in the order of reading; an empty cursor lies before everything. */
export function behind(range: EntryRange, cursor: Uint8Array): EntryRange {
  if (cursor.length === 0) return range;
  const { gte, lt, reverse } = range;
  if (reverse) return lt !== undefined && compareBytes(lt, cursor) <= 0 ? range : { ...range, lt: cursor };
  if (gte !== undefined && compareBytes(gte, cursor) > 0) return range;
  return { gt: cursor, ...(lt === undefined ? {} : { lt }), reverse };
}

function isEmpty({ gte, gt, lt }: EntryRange): boolean {
  const lower = gte ?? gt;
  return lower !== undefined && lt !== undefined && compareBytes(lower, lt) >= 0;
}

export interface EntryPage {
  readonly entries: readonly Entry[];
  /** Cursor of the next page; undefined behind the last entry. */
  readonly next: Uint8Array | undefined;
}

export function readPage(table: StateTableReader, range: EntryRange, countMax: number): EntryPage {
  const entries: Entry[] = [];
  if (isEmpty(range)) return { entries, next: undefined };
  let bytes = 0;
  for (const [key, stored] of table.range(range satisfies StateRange)) {
    if (entries.length === countMax || bytes >= PAGE_BYTES_MAX) return { entries, next: entries.at(-1)!.key };
    entries.push(decodeEntry(key, stored));
    bytes += key.length + stored.length;
  }
  return { entries, next: undefined };
}

export function entryMessage({ key, hash, content }: Entry): LogEntry {
  const timeMs = BigInt(hlcToMs(readU64be(key)));
  return { content, timeMs, author: authorOfKey(key), hash, cursor: key };
}
