/**
 * follow: the entries asked for, then those that come. Called by whoever serves streams.
 *
 * Invariants
 *  1. The first thing is to subscribe, and what is told of the log is read after that: no entry falls between.
 *  2. A follower that lags is told what it missed from the intentions it has not seen yet; only where those are gone, or
 *     too many, it is told KIND_GAP.
 *  3. An entry is told once; of those told from the state the last `TOLD_COUNT_MAX` are remembered for that.
 *  4. A resume token stands only behind something complete: at KIND_READY, at KIND_GAP and at the last entry of a change.
 * Entries come in the order of their arrival; one that was written before others, elsewhere, can come after them.
 */
import { bytesKey, LatticeError } from "@lattice/model";
import type { StateTableReader, StreamContext } from "@lattice/store";
import { entriesOf, entryOfOp, type Entry } from "./entries.ts";
import {
  FollowEvent_Kind,
  type FollowEvent,
  type FollowRequest,
  type LogOp,
} from "./gen/lattice/logstore/v1/logstore.ts";
import { MISSED_BYTES_MAX, MISSED_COUNT_MAX, PAGE_COUNT_DEFAULT, TOLD_COUNT_MAX } from "./limits.ts";
import {
  behind,
  checkCursor,
  checkTail,
  entryMessage,
  readPage,
  tailRange,
  type EntryRange,
} from "./read-entries.ts";

type Context = StreamContext<LogOp, Entry>;

const NO_TOKEN = new Uint8Array();

export async function* follow(
  context: Context,
  request: FollowRequest,
  signal: AbortSignal,
): AsyncIterable<FollowEvent> {
  checkFollow(request);
  const done = new AbortController();
  try {
    const changes = context.changes(AbortSignal.any([signal, done.signal]));
    const follower = new Follower(context);
    yield* follower.start(request);
    for await (const change of changes) {
      if (change.kind === "gap") yield* follower.catchUp(follower.token);
      else yield* follower.tell(change.events, change.position);
    }
  } finally {
    done.abort();
  }
}

function checkFollow({ tail, cursor }: FollowRequest): void {
  checkTail(tail);
  checkCursor(cursor);
  if (tail > 0 && cursor.length > 0) {
    throw new LatticeError("invalid-argument", "give one of tail and cursor to start from");
  }
}

class Follower {
  readonly #context: Context;
  readonly #table: StateTableReader;
  /** Hashes of entries that were told from the state and may come as a change as well. */
  readonly #told = new Set<string>();
  /** Behind the last change that was told as a whole. */
  token: Uint8Array = NO_TOKEN;

  constructor(context: Context) {
    this.#context = context;
    this.#table = entriesOf(context.read);
  }

  *start({ tail, cursor, resume }: FollowRequest): Iterable<FollowEvent> {
    const position = this.#context.position();
    if (resume.length > 0) yield* this.catchUp(resume);
    else if (tail > 0) yield* this.#tellRange(tailRange(this.#table, { reverse: false }, tail));
    else if (cursor.length > 0) yield* this.#tellRange(behind({ reverse: false }, cursor));
    this.token = position;
    yield { kind: FollowEvent_Kind.READY, resume: position };
  }

  *tell(entries: readonly Entry[], position: Uint8Array): Iterable<FollowEvent> {
    const news = entries.filter((entry) => !this.#told.delete(bytesKey(entry.hash)));
    for (const [index, entry] of news.entries()) {
      yield entryEvent(entry, index === news.length - 1 ? position : this.token);
    }
    this.token = position;
  }

  /** Tells what was applied since; KIND_GAP where that cannot be told. */
  *catchUp(since: Uint8Array): Iterable<FollowEvent> {
    const position = this.#context.position();
    const missed = this.#missedSince(since);
    if (missed === undefined) {
      this.token = position;
      yield { kind: FollowEvent_Kind.GAP, resume: position };
      return;
    }
    for (const entry of missed) this.#remember(entry);
    for (const entry of missed) yield entryEvent(entry, since);
    this.token = position;
  }

  *#tellRange(range: EntryRange): Iterable<FollowEvent> {
    for (let cursor: Uint8Array | undefined = NO_TOKEN; cursor !== undefined;) {
      const page = readPage(this.#table, behind(range, cursor), PAGE_COUNT_DEFAULT);
      for (const entry of page.entries) this.#remember(entry);
      for (const entry of page.entries) yield entryEvent(entry, NO_TOKEN);
      cursor = page.next;
    }
  }

  #missedSince(since: Uint8Array): readonly Entry[] | undefined {
    const ops = this.#context.opsSince(since);
    if (ops === undefined) return undefined;
    const missed: Entry[] = [];
    let count = 0;
    let bytes = 0;
    for (const op of ops) {
      count += 1;
      bytes += op.payload.content.length;
      if (count > MISSED_COUNT_MAX || bytes > MISSED_BYTES_MAX) return undefined;
      const entry = entryOfOp(this.#table, op);
      if (entry !== undefined && !this.#told.has(bytesKey(entry.hash))) missed.push(entry);
    }
    return missed;
  }

  #remember(entry: Entry): void {
    if (this.#told.size >= TOLD_COUNT_MAX) this.#told.delete(this.#told.keys().next().value!);
    this.#told.add(bytesKey(entry.hash));
  }
}

function entryEvent(entry: Entry, resume: Uint8Array): FollowEvent {
  return { kind: FollowEvent_Kind.ENTRY, entry: entryMessage(entry), resume };
}
