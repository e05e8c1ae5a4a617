/**
 * The floating buffer: intentions that cannot be witnessed yet, and what each of them waits for (weaver.md §3). Core.
 *
 * Invariants
 *  1. Everything in it is authenticated: it is signed, or a signed descendant of its author's chain floats as well.
 *  2. It is bounded per author, in count and in bytes; a newcomer beyond the bound is dropped. Whatever was dropped
 *     comes back by anti-entropy.
 *  3. Nothing in it is relayed, acknowledged or projected.
 */
import {
  bytesKey,
  concatBytes,
  equalBytes,
  ID_BYTES,
  prefixEnd,
  u64be,
  vouchesForPrev,
  type HoldReason,
  type Intention,
  type IntentionId,
  type PubKey,
} from "@lattice/model";
import type { Storage, Table, TableReader } from "@lattice/storage";
import { FLOATING_BYTES_MAX, FLOATING_COUNT_MAX, FLOATING_PER_AUTHOR_MAX } from "./limits.ts";
import { corrupt, decodeFloating, encodeFloating, storedIntention, type Authentication } from "./records.ts";

const NOTHING = new Uint8Array(0);
const PARENT = 1;
const MEMBER = 2;
const TIME = 3;
const SIGNATURE = 4;

export interface Floating {
  readonly intention: Intention;
  readonly authentication: Authentication;
  readonly receivedMs: number;
}

/** What an intention is held for. */
export interface Hold {
  readonly reason: HoldReason;
  /** Where a parent is missing: all that are. */
  readonly parents: readonly IntentionId[];
}

type Tables = (name: string) => Table;
type Readers = (name: string) => TableReader;

export class FloatingBuffer {
  readonly #storage: Storage;
  readonly #countByAuthor = new Map<string, number>();
  #count = 0;
  #bytes = 0;

  constructor(storage: Storage) {
    this.#storage = storage;
    this.reload();
  }

  get count(): number {
    return this.#count;
  }

  /** Counts anew from the disk: at opening, and after the storage was rolled back. */
  reload(): void {
    this.#countByAuthor.clear();
    this.#count = 0;
    this.#bytes = 0;
    for (const floating of this.all()) this.#tally(floating.intention, 1);
  }

  *all(): Iterable<Floating> {
    for (const [key, row] of this.#storage.table("floating").range()) yield toFloating(key, row);
  }

  has(table: Tables, id: IntentionId): boolean {
    return table("floating").has(id);
  }

  get(table: Tables, id: IntentionId): Floating | undefined {
    const row = table("floating").get(id);
    return row === undefined ? undefined : toFloating(id, row);
  }

  /** False where the buffer is full. What floats already only changes what it waits for. */
  put(table: Tables, floating: Floating, hold: Hold): boolean {
    const { intention, authentication } = floating;
    const known = this.get(table, intention.id);
    if (known === undefined && !this.#hasRoom(intention)) return false;
    if (known === undefined) this.#tally(intention, 1);
    else this.#forgetWaits(table, known);
    table("floating").put(
      intention.id,
      encodeFloating({ receivedMs: floating.receivedMs, authentication, body: intention.body }),
    );
    for (const awaited of awaitedBy(floating, hold)) {
      table("waiting").put(concatBytes(awaited, intention.id), NOTHING);
    }
    return true;
  }

  remove(table: Tables, id: IntentionId): void {
    const floating = this.get(table, id);
    if (floating === undefined) return;
    this.#forgetWaits(table, floating);
    table("floating").delete(id);
    this.#tally(floating.intention, -1);
  }

  waitingForParent(table: Tables, parent: IntentionId): IntentionId[] {
    return waitingFor(table("waiting"), awaitedParent(parent));
  }

  waitingForMember(table: Readers, author: PubKey): IntentionId[] {
    return waitingFor(table("waiting"), awaitedMember(author));
  }

  /** Authors whose intentions are held because they are not members. */
  strangers(table: Readers): PubKey[] {
    const authors = new Map<string, PubKey>();
    for (const [key] of table("waiting").range({
      gte: Uint8Array.of(MEMBER),
      lt: Uint8Array.of(MEMBER + 1),
    })) {
      const author = key.subarray(1, 33) as PubKey;
      authors.set(bytesKey(author), author);
    }
    return [...authors.values()];
  }

  /** Those held for their time whose time is not after `timestamp`. */
  due(table: Readers, timestamp: bigint): IntentionId[] {
    const lt = concatBytes(Uint8Array.of(TIME), u64be(timestamp + 1n));
    const ids: IntentionId[] = [];
    for (const [key] of table("waiting").range({ gte: Uint8Array.of(TIME), lt })) ids.push(idAtEnd(key));
    return ids;
  }

  /**
   * Those of `ids` that float, and what can be judged only together with them: what vouches for them, what else that
   * vouches for, and what lies between. What waits for them is none of it, and looked at once they are witnessed: or each
   * newcomer that cites one could make its receiver judge everything that floats.
   */
  connected(table: Tables, ids: readonly IntentionId[]): Floating[] {
    const found = new Map<string, Floating>();
    const queue = [...ids];
    for (let id = queue.pop(); id !== undefined; id = queue.pop()) {
      if (found.has(bytesKey(id))) continue;
      const floating = this.get(table, id);
      if (floating === undefined) continue;
      found.set(bytesKey(id), floating);
      const { authentication, intention } = floating;
      if (authentication.kind === "voucher") queue.push(authentication.id);
      queue.push(...this.#unsignedBelow(table, intention));
      queue.push(...this.#between(table, floating));
    }
    return [...found.values()];
  }

  /** What it vouches for that has no signature of its own: that may wait for nothing else. */
  #unsignedBelow(table: Tables, intention: Intention): IntentionId[] {
    if (!vouchesForPrev(intention)) return [];
    const below = this.get(table, intention.storePrev);
    return below?.authentication.kind === "voucher" ? [intention.storePrev] : [];
  }

  /** What one vouches for, and all of its author's chain from there up to it, signed or not. */
  #between(table: Tables, { intention }: Floating): IntentionId[] {
    const vouched = new Set(waitingFor(table("waiting"), awaitedSignature(intention.id)).map(bytesKey));
    const between: IntentionId[] = [];
    let below = vouched.size === 0 ? undefined : this.get(table, intention.storePrev);
    while (below !== undefined && vouched.size > 0) {
      vouched.delete(bytesKey(below.intention.id));
      between.push(below.intention.id);
      below = this.get(table, below.intention.storePrev);
    }
    return between;
  }

  /** How many of an author's float. */
  countOf(author: PubKey): number {
    return this.#countByAuthor.get(bytesKey(author)) ?? 0;
  }

  #hasRoom(intention: Intention): boolean {
    const ofAuthor = this.countOf(intention.author);
    return (
      ofAuthor < FLOATING_PER_AUTHOR_MAX &&
      this.#count < FLOATING_COUNT_MAX &&
      this.#bytes + intention.body.length <= FLOATING_BYTES_MAX
    );
  }

  #tally(intention: Intention, sign: 1 | -1): void {
    const author = bytesKey(intention.author);
    this.#count += sign;
    this.#bytes += sign * intention.body.length;
    const ofAuthor = (this.#countByAuthor.get(author) ?? 0) + sign;
    if (ofAuthor === 0) this.#countByAuthor.delete(author);
    else this.#countByAuthor.set(author, ofAuthor);
  }

  /** It may wait for any of these; deleting what is not there costs a look. */
  #forgetWaits(table: Tables, floating: Floating): void {
    const { intention } = floating;
    const candidates = [
      ...[intention.storePrev, ...intention.condition].map(awaitedParent),
      awaitedMember(intention.author),
      awaitedTime(intention),
      ...(floating.authentication.kind === "voucher" ? [awaitedSignature(floating.authentication.id)] : []),
    ];
    for (const awaited of candidates) table("waiting").delete(concatBytes(awaited, intention.id));
  }
}

function awaitedBy(floating: Floating, hold: Hold): Uint8Array[] {
  const { intention, authentication } = floating;
  const awaited = authentication.kind === "voucher" ? [awaitedSignature(authentication.id)] : [];
  if (hold.reason === "parent-missing") awaited.push(...hold.parents.map(awaitedParent));
  if (hold.reason === "not-a-member") awaited.push(awaitedMember(intention.author));
  if (hold.reason === "future") awaited.push(awaitedTime(intention));
  return awaited;
}

function awaitedParent(parent: IntentionId): Uint8Array {
  return concatBytes(Uint8Array.of(PARENT), parent);
}

function awaitedMember(author: PubKey): Uint8Array {
  return concatBytes(Uint8Array.of(MEMBER), author);
}

function awaitedTime(intention: Intention): Uint8Array {
  return concatBytes(Uint8Array.of(TIME), u64be(intention.timestamp));
}

function awaitedSignature(voucher: IntentionId): Uint8Array {
  return concatBytes(Uint8Array.of(SIGNATURE), voucher);
}

function waitingFor(waiting: TableReader, awaited: Uint8Array): IntentionId[] {
  const lt = prefixEnd(awaited);
  const rows = waiting.range({ gte: awaited, ...(lt && { lt }) });
  return [...rows].map(([key]) => idAtEnd(key));
}

function idAtEnd(key: Uint8Array): IntentionId {
  return key.subarray(-ID_BYTES) as IntentionId;
}

function toFloating(key: Uint8Array, row: Uint8Array): Floating {
  const record = decodeFloating(row);
  if (record === undefined) throw corrupt("floating", key, "no floating record");
  const intention = storedIntention("floating", key, record.body);
  // Nobody looks again whether the signature fits.
  if (!equalBytes(intention.id, key)) throw corrupt("floating", key, "another intention");
  return { intention, authentication: record.authentication, receivedMs: record.receivedMs };
}
