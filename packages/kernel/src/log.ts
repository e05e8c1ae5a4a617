/**
 * The witness log of one store and its indexes: what is held, in which order it was accepted, and what the
 * DAG looks like (weaver.md §4). Core; synchronous; reads and writes through the storage port.
 *
 * Invariants
 *  1. witness is append-only and without holes: rows 1…head.wseq.
 *  2. A record stands behind all of its parents.
 *  3. tips holds an intention exactly while none of its author cites it as store_prev; heads, while none cites it.
 *  4. At the end of every transaction each record without signature has a signed descendant that vouches for it and is in
 *     the log too. What this node writes itself is excepted until `seal`, before which nothing is flushed.
 */
import {
  assert,
  bytesFromKey,
  bytesKey,
  compareBytes,
  concatBytes,
  equalBytes,
  ID_BYTES,
  idHash,
  type LatticeError,
  readSeqBe,
  sha256All,
  u64be,
  prefixEnd,
  vouchesForPrev,
  PUBKEY_BYTES,
  type SetSum,
  utf8,
  writeU64be,
  type Hash,
  type Intention,
  type IntentionId,
  type PubKey,
} from "@lattice/model";
import type { Storage, Table, TableReader } from "@lattice/storage";
import {
  chainHashAfter,
  corrupt,
  decodeLogHead,
  decodeWitness,
  EMPTY_HEAD,
  encodeLogHead,
  encodeWitness,
  storedIntention,
  type LogHead,
} from "./records.ts";

/** Where `meta` keeps the end of the log. */
export const HEAD_KEY = utf8("head");
const NOTHING = new Uint8Array(0);

export interface Witnessed {
  readonly wseq: number;
  readonly wallMs: number;
  readonly chainHash: Hash;
  readonly signature: Uint8Array | undefined;
  readonly intention: Intention;
}

export interface Tip {
  readonly author: PubKey;
  readonly seq: number;
  readonly id: IntentionId;
}

/** Intentions with one store_prev: somebody restored a backup, copied a disk, or lies. */
export interface Fork {
  readonly author: PubKey;
  readonly storePrev: IntentionId;
  readonly branches: readonly IntentionId[];
}

export class WitnessLog {
  readonly #storage: Storage;
  #head: LogHead;
  /** Read once, then kept: they change with every write, and a range over what changes so often is dear. */
  #heads: Map<string, IntentionId> | undefined;
  /** What the last transaction appended: the projection and the sessions want it next. */
  #recent: ReadonlyMap<number, Witnessed> = new Map();

  constructor(storage: Storage) {
    this.#storage = storage;
    this.#head = readHead(storage);
  }

  get head(): LogHead {
    return this.#head;
  }

  /** After the storage was rolled back under it. */
  reload(): void {
    this.#head = readHead(this.#storage);
    this.#heads = undefined;
    this.#recent = new Map();
  }

  has(id: IntentionId): boolean {
    return this.#table("index").has(id);
  }

  wseqOf(id: IntentionId): number | undefined {
    const row = this.#table("index").get(id);
    if (row === undefined) return undefined;
    if (row.length !== 8) throw corrupt("index", id, "no place in the log");
    return readSeqBe(row);
  }

  /** Throws `corrupt` where what stands there is another. */
  get(id: IntentionId): Witnessed | undefined {
    const wseq = this.wseqOf(id);
    if (wseq === undefined) return undefined;
    const witnessed = this.at(wseq);
    if (!equalBytes(witnessed.intention.id, id)) throw this.#mismatch(id, witnessed);
    return witnessed;
  }

  /** Throws `corrupt` where the row is damaged or missing. */
  at(wseq: number): Witnessed {
    const recent = this.#recent.get(wseq);
    if (recent !== undefined) return recent;
    const key = u64be(wseq);
    const row = this.#table("witness").get(key);
    if (row === undefined) throw corrupt("witness", key, "the record is missing");
    return toWitnessed(key, row);
  }

  /** Of the log as it was when it ended at `wseq`. */
  chainHashAt(wseq: number): Hash {
    if (wseq === 0) return EMPTY_HEAD.chainHash;
    if (wseq === this.#head.wseq) return this.#head.chainHash;
    const key = u64be(wseq);
    const record = decodeWitness(this.#table("witness").get(key) ?? new Uint8Array(0));
    if (record === undefined) throw corrupt("witness", key, "no witness record");
    return record.chainHash;
  }

  /** Records from `from` on, to the end or backwards to the start. */
  *records(options: { from: number; reverse?: boolean; limit?: number }): Iterable<Witnessed> {
    const { from, reverse = false, limit } = options;
    const bound = reverse ? { lte: u64be(from) } : { gte: u64be(from) };
    const range = { ...bound, reverse, ...(limit === undefined ? {} : { limit }) };
    for (const [key, row] of this.#table("witness").range(range)) yield toWitnessed(key, row);
  }

  /** Ids in their order, `from` inclusive, `to` exclusive. */
  *ids(from?: IntentionId, to?: IntentionId): Iterable<IntentionId> {
    const range = { ...(from && { gte: from }), ...(to && { lt: to }) };
    for (const [key] of this.#table("index").range(range)) yield key as IntentionId;
  }

  /** Ids whose hash starts so, or that start so themselves; at most `limit`. */
  findByPrefix(prefix: Uint8Array, limit: number): IntentionId[] {
    const found: IntentionId[] = [];
    for (const id of this.ids()) {
      const matches = [idHash(id), id].some((bytes) => equalBytes(bytes.subarray(0, prefix.length), prefix));
      if (matches) found.push(id);
      if (found.length === limit) break;
    }
    return found;
  }

  heads(): IntentionId[] {
    this.#heads ??= new Map(this.#readHeads().map((id) => [bytesKey(id), id]));
    return [...this.#heads.values()].sort(compareBytes);
  }

  /** What is written next cites them, so they must be here. */
  #readHeads(): IntentionId[] {
    const ids = [...this.#table("heads").range()].map(([key]) => key as IntentionId);
    const stray = ids.find((id) => id.length !== ID_BYTES || !this.has(id));
    if (stray !== undefined) throw corrupt("heads", stray, "a head that is not in the log");
    return ids;
  }

  /** By author, then by id. */
  tips(): Tip[] {
    const tips = [...this.#table("tips").range()].map(([key, row]) => decodeTip(key, row));
    return tips.sort((a, b) => compareBytes(a.author, b.author) || compareBytes(a.id, b.id));
  }

  /** More than one where the author forked; none where nothing of it is held. */
  tipsOf(author: PubKey): Tip[] {
    const row = this.#table("tips").get(author);
    if (row === undefined) return [];
    if (row.length === TIP_BYTES) return [decodeTip(author, row)];
    const tips = [...this.#table("tips").range(prefixRange(author))].map(([key, each]) =>
      decodeTip(key, each),
    );
    return tips.sort((a, b) => compareBytes(a.id, b.id));
  }

  /** The same for two nodes exactly if their tips are. */
  frontierDigest(): Hash {
    return sha256All(this.tips().flatMap(({ author, seq, id }) => [author, u64be(seq), id]));
  }

  /** One author's intentions by seq, from `fromSeq` on; several of one seq where the author forked. */
  *chain(author: PubKey, fromSeq: number): Iterable<{ seq: number; wseq: number }> {
    const range = { ...prefixRange(author), gte: concatBytes(author, u64be(fromSeq)) };
    for (const [key] of this.#table("chain").range(range)) {
      yield { seq: readSeqBe(key, 32), wseq: readSeqBe(key, 40) };
    }
  }

  /**
   * The intentions that vouch for one without a signature: the next ones of the author's chain, up to and with the
   * first that is signed. Empty where it is signed itself. Throws `corrupt` where there is none.
   */
  vouchersOf(witnessed: Witnessed): Witnessed[] {
    const chain: Witnessed[] = [];
    let last = witnessed;
    while (last.signature === undefined) {
      const { author, id, seq } = last.intention;
      // Any child that vouches will do: one that is not signed has vouchers of its own (4).
      const children = this.#children({ author, storePrev: id, seq: seq + 1, fromWseq: last.wseq });
      const child = children.find(({ intention }) => vouchesForPrev(intention));
      if (child === undefined) throw corrupt("witness", u64be(last.wseq), "nobody signed the record (4)");
      chain.push(child);
      last = child;
    }
    return chain;
  }

  forks(): Fork[] {
    return [...this.#table("forks").range()].map(([key]) => {
      const author = key.subarray(0, 32) as PubKey;
      const storePrev = key.subarray(32) as IntentionId;
      const parent = this.get(storePrev);
      if (parent === undefined) throw corrupt("forks", key, "what is forked is missing");
      const seq = parent.intention.seq + 1;
      const branches = [...this.#children({ author, storePrev, seq, fromWseq: parent.wseq })];
      return { author, storePrev, branches: branches.map(({ intention }) => intention.id) };
    });
  }

  forkCount(): number {
    return this.#table("forks").count();
  }

  /** Runs `body` in one storage transaction; the log is as before if it throws. */
  write<T>(body: (writer: LogWriter) => T): T {
    const result = this.#storage.transaction((table) => {
      const writer = new LogWriter(table, this.#head);
      const value = body(writer);
      return { value, ...writer.finish() };
    });
    this.#head = result.head;
    this.#recent = result.appended;
    for (const [key, id] of result.heads) {
      if (id === undefined) this.#heads?.delete(key);
      else this.#heads?.set(key, id);
    }
    return result.value;
  }

  /** What its author wrote on top of `storePrev`, in the order of the log; it stands behind `fromWseq`. */
  *#children(of: {
    author: PubKey;
    storePrev: IntentionId;
    seq: number;
    fromWseq: number;
  }): Generator<Witnessed> {
    const { author, storePrev, seq, fromWseq } = of;
    const range = {
      gte: concatBytes(author, u64be(seq), u64be(fromWseq)),
      lt: concatBytes(author, u64be(seq + 1)),
    };
    for (const [key] of this.#table("chain").range(range)) {
      const child = this.at(readSeqBe(key, 40));
      if (equalBytes(child.intention.storePrev, storePrev)) yield child;
    }
  }

  /** The index and the record it points to are not of one intention: which of them is damaged? */
  #mismatch(id: IntentionId, { wseq, wallMs, intention }: Witnessed): LatticeError {
    const chainHash = chainHashAfter(this.chainHashAt(wseq - 1), intention.hash, wallMs);
    if (equalBytes(chainHash, this.chainHashAt(wseq)))
      return corrupt("index", id, "points to another intention");
    return corrupt("witness", u64be(wseq), "the chain hash does not fit the record");
  }

  #table(name: string): TableReader {
    return this.#storage.table(name);
  }
}

function chainKey(author: PubKey, seq: number, wseq: number): Uint8Array {
  const key = new Uint8Array(author.length + 16);
  key.set(author);
  writeU64be(key, seq, author.length);
  writeU64be(key, wseq, author.length + 8);
  return key;
}

/** Appends to the log within one transaction. */
export class LogWriter {
  readonly #table: (name: string) => Table;
  readonly #witness: Table;
  readonly #index: Table;
  readonly #chain: Table;
  readonly #setSum: SetSum;
  /** Of the authors that this transaction looks at, what its row in tips says, or will say. */
  readonly #tips = new Map<string, AuthorTip | undefined>();
  /** Of authors who forked, the other tips that come, and, as undefined, those that go. */
  readonly #branches = new Map<string, Tip | undefined>();
  /** Those that come, and, as undefined, those that go. */
  readonly #heads = new Map<string, IntentionId | undefined>();
  readonly #appended = new Map<number, Witnessed>();
  #wseq: number;
  #chainHash: Hash;
  #maxTimestamp: bigint;

  constructor(table: (name: string) => Table, head: LogHead) {
    this.#table = table;
    this.#witness = table("witness");
    this.#index = table("index");
    this.#chain = table("chain");
    this.#setSum = head.setSum.clone();
    this.#wseq = head.wseq;
    this.#chainHash = head.chainHash;
    this.#maxTimestamp = head.maxTimestamp;
  }

  table(name: string): Table {
    return this.#table(name);
  }

  /** Its parents are in the log and everything about it was checked. Says whether it makes its author a forker. */
  append(
    intention: Intention,
    options: { wallMs: number; signature: Uint8Array | undefined },
  ): { forked: boolean } {
    const { author, seq, id, hash, storePrev, condition } = intention;
    const forked = this.#noteFork(intention);
    this.#wseq += 1;
    this.#chainHash = chainHashAfter(this.#chainHash, hash, options.wallMs);
    const wseq = u64be(this.#wseq);
    const { wallMs, signature } = options;
    this.#witness.put(
      wseq,
      encodeWitness({ wallMs, signature, chainHash: this.#chainHash, body: intention.body }),
    );
    this.#index.put(id, wseq);
    this.#chain.put(chainKey(author, seq, this.#wseq), NOTHING);
    this.#moveTip(intention);
    for (const parent of [storePrev, ...condition]) this.#removeHead(parent);
    this.#heads.set(bytesKey(id), id);
    this.#setSum.add(hash);
    this.#appended.set(this.#wseq, { wseq: this.#wseq, ...options, chainHash: this.#chainHash, intention });
    if (intention.timestamp > this.#maxTimestamp) this.#maxTimestamp = intention.timestamp;
    return { forked };
  }

  /** Gives a record of this transaction, or an earlier one, its signature. */
  sign(witnessed: Witnessed, signature: Uint8Array): void {
    const key = u64be(witnessed.wseq);
    const record = decodeWitness(this.#table("witness").get(key)!);
    assert(record !== undefined, "log 1: a record that was just read is there");
    this.#table("witness").put(key, encodeWitness({ ...record, signature }));
  }

  /** Of one that was appended, in this transaction or before. */
  intention(id: IntentionId): Intention {
    const key = this.#table("index").get(id);
    assert(key !== undefined, "log 2: a parent is in the log");
    return this.#read(key).intention;
  }

  #read(key: Uint8Array): Witnessed {
    const row = this.#table("witness").get(key);
    if (row === undefined) throw corrupt("witness", key, "the record is missing");
    return toWitnessed(key, row);
  }

  finish(): {
    head: LogHead;
    heads: ReadonlyMap<string, IntentionId | undefined>;
    appended: ReadonlyMap<number, Witnessed>;
  } {
    for (const main of this.#tips.values()) {
      if (main?.isNew === true)
        this.#table("tips").put(main.tip.author, encodeTip(main.tip, main.hasBranches));
    }
    for (const [key, tip] of this.#branches) {
      if (tip === undefined) this.#table("tips").delete(bytesFromKey(key));
      else this.#table("tips").put(bytesFromKey(key), encodeTip(tip, false));
    }
    for (const [key, id] of this.#heads) {
      if (id === undefined) this.#table("heads").delete(bytesFromKey(key));
      else this.#table("heads").put(id, NOTHING);
    }
    const head = {
      wseq: this.#wseq,
      chainHash: this.#chainHash,
      setSum: this.#setSum,
      maxTimestamp: this.#maxTimestamp,
    };
    this.#table("meta").put(HEAD_KEY, encodeLogHead(head));
    return { head, heads: this.#heads, appended: this.#appended };
  }

  /** The seq of a tip of this author; undefined where it is none. */
  tipSeq(author: PubKey, id: IntentionId): number | undefined {
    const main = this.#mainTip(author);
    if (main === undefined || equalBytes(main.tip.id, id)) return main?.tip.seq;
    return main.hasBranches ? this.#branch(concatBytes(author, id))?.seq : undefined;
  }

  #mainTip(author: PubKey): AuthorTip | undefined {
    const key = bytesKey(author);
    if (this.#tips.has(key)) return this.#tips.get(key);
    const row = this.#table("tips").get(author);
    const main = row && { tip: decodeTip(author, row), hasBranches: row.length > TIP_BYTES, isNew: false };
    this.#tips.set(key, main);
    return main;
  }

  #branch(key: Uint8Array): Tip | undefined {
    const name = bytesKey(key);
    if (this.#branches.has(name)) return this.#branches.get(name);
    const row = this.#table("tips").get(key);
    return row && decodeTip(key, row);
  }

  #moveTip({ author, seq, id, storePrev }: Intention): void {
    const tip = { author, seq, id };
    const main = this.#mainTip(author);
    if (main === undefined || equalBytes(main.tip.id, storePrev)) {
      this.#tips.set(bytesKey(author), { tip, hasBranches: main?.hasBranches ?? false, isNew: true });
      return;
    }
    if (!main.hasBranches) this.#tips.set(bytesKey(author), { ...main, hasBranches: true, isNew: true });
    const before = concatBytes(author, storePrev);
    if (this.#branches.get(bytesKey(before)) !== undefined) this.#branches.delete(bytesKey(before));
    else if (this.#table("tips").has(before)) this.#branches.set(bytesKey(before), undefined);
    this.#branches.set(bytesKey(concatBytes(author, id)), tip);
  }

  /** One that came in this transaction leaves no trace. */
  #removeHead(id: IntentionId): void {
    const key = bytesKey(id);
    if (this.#heads.get(key) !== undefined) this.#heads.delete(key);
    else if (this.#table("heads").has(id)) this.#heads.set(key, undefined);
  }

  /** A tip is never cited twice by its author, unless the author forks there. */
  #noteFork(intention: Intention): boolean {
    const { author, seq, storePrev } = intention;
    if (seq === 0) return false;
    if (this.tipSeq(author, storePrev) !== undefined) return false;
    if (!this.#isCitedAsPrev(intention)) return false;
    this.#table("forks").put(concatBytes(author, storePrev), NOTHING);
    return true;
  }

  /**
   * Asked of what is no tip of its author: that is the author's own and cited, or the genesis, on which all that the author
   * has at the first place stands. However many branches there are, one look tells.
   */
  #isCitedAsPrev({ author, seq }: Intention): boolean {
    const range = { gte: concatBytes(author, u64be(seq)), lt: concatBytes(author, u64be(seq + 1)), limit: 1 };
    return first(this.#table("chain").range(range)) !== undefined;
  }
}

/**
 * An author's tip has the author as its key, since it moves with every write. Where the author forked, the row says so and
 * each other tip has a row of its own: there may be any number of them.
 */
interface AuthorTip {
  readonly tip: Tip;
  readonly hasBranches: boolean;
  readonly isNew: boolean;
}

const TIP_BYTES = 8 + ID_BYTES;

function encodeTip({ seq, id }: Tip, hasBranches: boolean): Uint8Array {
  return concatBytes(u64be(seq), id, hasBranches ? Uint8Array.of(1) : NOTHING);
}

function decodeTip(key: Uint8Array, row: Uint8Array): Tip {
  const isTip =
    (row.length === TIP_BYTES || row.length === TIP_BYTES + 1) &&
    (key.length === PUBKEY_BYTES || key.length === PUBKEY_BYTES + ID_BYTES);
  const seq = readSeqBe(row);
  if (!isTip || !Number.isSafeInteger(seq)) throw corrupt("tips", key, "no tip");
  return {
    author: key.subarray(0, PUBKEY_BYTES) as PubKey,
    seq,
    id: row.subarray(8, TIP_BYTES) as IntentionId,
  };
}

function first<T>(items: Iterable<T>): T | undefined {
  for (const item of items) return item;
  return undefined;
}

function prefixRange(prefix: Uint8Array): { gte: Uint8Array; lt?: Uint8Array } {
  const lt = prefixEnd(prefix);
  return { gte: prefix, ...(lt && { lt }) };
}

function toWitnessed(key: Uint8Array, row: Uint8Array): Witnessed {
  const record = decodeWitness(row);
  if (record === undefined) throw corrupt("witness", key, "no witness record");
  const { wallMs, chainHash, signature, body } = record;
  return {
    wseq: readSeqBe(key),
    wallMs,
    chainHash,
    signature,
    intention: storedIntention("witness", key, body),
  };
}

function readHead(storage: Storage): LogHead {
  const row = storage.table("meta").get(HEAD_KEY);
  if (row === undefined) return EMPTY_HEAD;
  const head = decodeLogHead(row);
  if (head === undefined) throw corrupt("meta", HEAD_KEY, "no log head");
  return head;
}
