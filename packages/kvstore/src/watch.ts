/**
 * watch: the keys as they are, then what changes. Called by whoever serves streams.
 *
 * Invariants
 *  1. The first thing is to subscribe, and what is told of the state is read after that: no change falls between.
 *  2. A consumer that applies every event in order holds, at each KIND_READY and behind every later event, what the store
 *     held at some moment not before that event. KIND_GAP says: forget everything.
 *  3. A resume token stands only behind something complete: at KIND_READY and at changes, never while the state is told.
 *  4. What was told as state is not told again by a change that was on its way meanwhile, nor is something older: the winner
 *     of a key never falls back (kvtable 4), so the two can be compared. Of states above `TOLD_COUNT_MAX` keys only the
 *     last told are remembered; then a change can be told twice, the latest one last.
 */
import {
  compareHeads,
  isConflicted,
  readRegisters,
  readRow,
  type RegisterReader,
  type Row,
} from "@lattice/kvtable";
import { bytesKey, equalBytes, LatticeError, type IntentionId, type PubKey } from "@lattice/model";
import type { StreamContext } from "@lattice/store";
import { checkKeyBound } from "./check-request.ts";
import {
  WatchEvent_Kind,
  type KvOp,
  type WatchEvent,
  type WatchRequest,
} from "./gen/lattice/kvstore/v1/kvstore.ts";
import { KEYS, type KvEvent } from "./kv-op.ts";
import { PAGE_COUNT_DEFAULT, RESUME_KEY_COUNT_MAX, RESUME_OP_COUNT_MAX, TOLD_COUNT_MAX } from "./limits.ts";
import { prefixRange, readPage } from "./page.ts";

type Context = StreamContext<KvOp, KvEvent>;

const NO_TOKEN = new Uint8Array();

export async function* watch(
  context: Context,
  request: WatchRequest,
  signal: AbortSignal,
): AsyncIterable<WatchEvent> {
  const selection = selectionOf(request);
  const done = new AbortController();
  try {
    const changes = context.changes(AbortSignal.any([signal, done.signal]));
    const watcher = new Watcher(context, selection);
    yield* watcher.start(request.resume);
    for await (const change of changes) {
      if (change.kind === "gap") yield* watcher.restart();
      else yield* watcher.tell(change.events, change.position);
    }
  } finally {
    done.abort();
  }
}

interface Selection {
  /** Of the keys watched; the key itself where it is one. */
  readonly prefix: Uint8Array;
  readonly one: boolean;
}

function selectionOf(request: WatchRequest): Selection {
  const { prefix, key } = request;
  if (key.length > 0 && prefix.length > 0) {
    throw new LatticeError("invalid-argument", "give either a key or a prefix to watch");
  }
  checkKeyBound("key", key);
  checkKeyBound("prefix", prefix);
  return key.length > 0 ? { prefix: key, one: true } : { prefix, one: false };
}

function selects({ prefix, one }: Selection, key: Uint8Array): boolean {
  if (one) return equalBytes(key, prefix);
  return key.length >= prefix.length && equalBytes(key.subarray(0, prefix.length), prefix);
}

/** What a watcher knows of a key; without the value. */
interface Told {
  readonly id: IntentionId;
  readonly author: PubKey;
  readonly conflicted: boolean;
}

class Watcher {
  readonly #context: Context;
  readonly #registers: RegisterReader;
  readonly #selection: Selection;
  /** Keys told as state, until a change of them is told. */
  readonly #told = new Map<string, Told>();
  /** Behind the last change that was told as a whole. */
  #token: Uint8Array = NO_TOKEN;

  constructor(context: Context, selection: Selection) {
    this.#context = context;
    this.#registers = readRegisters(context.read, KEYS);
    this.#selection = selection;
  }

  *start(resume: Uint8Array): Iterable<WatchEvent> {
    if (resume.length === 0) {
      yield* this.#tellState();
      return;
    }
    const position = this.#context.position();
    const touched = this.#keysSince(resume);
    if (touched === undefined) {
      yield* this.restart();
      return;
    }
    for (const key of touched) {
      const row = readRow(this.#registers, key);
      if (row !== undefined) yield this.#tellRow(key, row);
    }
    yield this.#ready(position);
  }

  *restart(): Iterable<WatchEvent> {
    yield eventOf(WatchEvent_Kind.GAP);
    this.#told.clear();
    yield* this.#tellState();
  }

  *tell(events: readonly KvEvent[], position: Uint8Array): Iterable<WatchEvent> {
    const news = events.filter((event) => selects(this.#selection, event.key) && this.#isNews(event));
    for (const [index, event] of news.entries()) {
      this.#told.delete(bytesKey(event.key));
      const token = index === news.length - 1 ? position : this.#token;
      yield { ...stateEvent(event.key, event.winner.value, event.conflicted), resume: token };
    }
    this.#token = position;
  }

  *#tellState(): Iterable<WatchEvent> {
    const position = this.#context.position();
    const { prefix, one } = this.#selection;
    if (one) {
      const row = readRow(this.#registers, prefix);
      if (row !== undefined && this.#remember(prefix, row)) yield rowEvent(prefix, row);
    } else {
      yield* this.#tellPages(prefix);
    }
    yield this.#ready(position);
  }

  *#tellPages(prefix: Uint8Array): Iterable<WatchEvent> {
    const bounds = { countMax: PAGE_COUNT_DEFAULT, removed: true };
    for (let cursor: Uint8Array | undefined = NO_TOKEN; cursor !== undefined;) {
      const page = readPage(this.#registers, prefixRange(prefix, cursor), bounds);
      for (const [key, row] of page.rows) if (this.#remember(key, row)) yield rowEvent(key, row);
      cursor = page.next;
    }
  }

  #ready(position: Uint8Array): WatchEvent {
    this.#token = position;
    return { ...eventOf(WatchEvent_Kind.READY), resume: position };
  }

  /** Undefined where the place is unknown here, or too far back. */
  #keysSince(resume: Uint8Array): Iterable<Uint8Array> | undefined {
    const ops = this.#context.opsSince(resume);
    if (ops === undefined) return undefined;
    const keys = new Map<string, Uint8Array>();
    let opCount = 0;
    for (const op of ops) {
      opCount += 1;
      for (const { key } of op.payload.writes)
        if (selects(this.#selection, key)) keys.set(bytesKey(key), key);
      if (opCount > RESUME_OP_COUNT_MAX || keys.size > RESUME_KEY_COUNT_MAX) return undefined;
    }
    return keys.values();
  }

  #tellRow(key: Uint8Array, row: Row): WatchEvent {
    this.#remember(key, row);
    return rowEvent(key, row);
  }

  /** Says whether the key is there to be told: a removed one is only remembered. */
  #remember(key: Uint8Array, row: Row): boolean {
    const { id, author, value } = row.winner;
    if (this.#told.size >= TOLD_COUNT_MAX) this.#told.delete(this.#told.keys().next().value!);
    // Copies, which do not keep the whole row in memory.
    const copied = { id: new Uint8Array(id) as IntentionId, author: new Uint8Array(author) as PubKey };
    this.#told.set(bytesKey(key), { ...copied, conflicted: isConflicted(row) });
    return value !== undefined;
  }

  #isNews(event: KvEvent): boolean {
    const told = this.#told.get(bytesKey(event.key));
    if (told === undefined) return true;
    const order = compareHeads(event.winner, told);
    if (order !== 0) return order > 0;
    if (event.conflicted === told.conflicted) return false;
    // The flag can change either way under one winner; only the present state tells which is the later.
    return isConflicted(readRow(this.#registers, event.key)) === event.conflicted;
  }
}

function eventOf(kind: WatchEvent_Kind): WatchEvent {
  return { kind, key: new Uint8Array(), value: new Uint8Array(), conflicted: false, resume: NO_TOKEN };
}

function rowEvent(key: Uint8Array, row: Row): WatchEvent {
  return stateEvent(key, row.winner.value, isConflicted(row));
}

function stateEvent(key: Uint8Array, value: Uint8Array | undefined, conflicted: boolean): WatchEvent {
  if (value === undefined) return { ...eventOf(WatchEvent_Kind.DELETE), key, conflicted };
  return { ...eventOf(WatchEvent_Kind.PUT), key, value, conflicted };
}
