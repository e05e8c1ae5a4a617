/**
 * The witness log of one store and its indexes: what is held, in which order it was accepted, and what the
 * DAG looks like (weaver.md §4). Core; synchronous; reads and writes through the storage port.
 *
 * Invariants
 *  1. witness is append-only and without holes: rows 1…head.wseq.
 *  2. A record stands behind all of its parents.
 *  3. tips holds an intention exactly while none of its author cites it as store_prev; heads, while none cites it.
 *  4. At the end of every transaction each record without signature has a signed descendant, along its author's chain,
 *     that is in the log too. What this node writes itself is excepted until `seal`, before which nothing is flushed.
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
  readSeqBe,
  sha256Parts,
  u64be,
  prefixEnd,
  type SetSum,
  utf8,
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

const HEAD_KEY = utf8("head");
const NOTHING = new Uint8Array(0);

export interface Witnessed {
  readonly wseq: number;
  readonly wallMs: number;
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
    return row === undefined ? undefined : readSeqBe(row);
  }

  get(id: IntentionId): Witnessed | undefined {
    const wseq = this.wseqOf(id);
    return wseq === undefined ? undefined : this.at(wseq);
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
    this.#heads ??= new Map([...this.#table("heads").range()].map(([key]) => [bytesKey(key), key as IntentionId]));
    return [...this.#heads.values()];
  }

  tips(): Tip[] {
    return [...this.#table("tips").range()].flatMap(([key, row]) => decodeTips(key as PubKey, row));
  }

  /** More than one where the author forked; none where nothing of it is held. */
  tipsOf(author: PubKey): Tip[] {
    const row = this.#table("tips").get(author);
    return row === undefined ? [] : decodeTips(author, row);
  }

  /** The same for two nodes exactly if their tips are. */
  frontierDigest(): Hash {
    const rows = [...this.#table("tips").range()].flatMap(([key, value]) => [key, value]);
    return sha256Parts(...rows);
  }

  /** One author's intentions by seq, from `fromSeq` on; several of one seq where the author forked. */
  *chain(author: PubKey, fromSeq: number): Iterable<{ seq: number; wseq: number }> {
    const lt = prefixEnd(author);
    const range = { gte: concatBytes(author, u64be(fromSeq)), ...(lt && { lt }) };
    for (const [key] of this.#table("chain").range(range)) {
      yield { seq: readSeqBe(key, 32), wseq: readSeqBe(key, 40) };
    }
  }

  /**
   * The intentions that vouch for one without a signature: its descendants along the author's chain, up to and with the
   * first that is signed. Empty where it is signed itself.
   */
  vouchersOf(witnessed: Witnessed): Witnessed[] {
    const chain: Witnessed[] = [];
    let last = witnessed;
    while (last.signature === undefined) {
      const child = this.#childrenByAuthor(last).find((candidate) => this.#isVouched(candidate));
      assert(child !== undefined, "log 4: an intention without signature has a signed descendant");
      chain.push(child);
      last = child;
    }
    return chain;
  }

  forks(): Fork[] {
    return [...this.#table("forks").range()].map(([key]) => {
      const author = key.subarray(0, 32) as PubKey;
      const storePrev = key.subarray(32) as IntentionId;
      const seq = this.at(this.wseqOf(storePrev)!).intention.seq + 1;
      const isGenesisChild = seq === 1;
      const branches = [...this.chain(author, isGenesisChild ? 1 : seq)]
        .filter((entry) => entry.seq === seq)
        .map((entry) => this.at(entry.wseq).intention)
        .filter((intention) => equalBytes(intention.storePrev, storePrev))
        .map((intention) => intention.id);
      return { author, storePrev, branches };
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

  #childrenByAuthor(parent: Witnessed): Witnessed[] {
    const { author, seq, id } = parent.intention;
    const children: Witnessed[] = [];
    for (const entry of this.chain(author, seq + 1)) {
      if (entry.seq !== seq + 1) break;
      const child = this.at(entry.wseq);
      if (equalBytes(child.intention.storePrev, id)) children.push(child);
    }
    return children;
  }

  #isVouched(witnessed: Witnessed): boolean {
    let level = [witnessed];
    while (level.length > 0) {
      if (level.some((candidate) => candidate.signature !== undefined)) return true;
      level = level.flatMap((candidate) => this.#childrenByAuthor(candidate));
    }
    return false;
  }

  #table(name: string): TableReader {
    return this.#storage.table(name);
  }
}

/** Appends to the log within one transaction. */
export class LogWriter {
  readonly #table: (name: string) => Table;
  readonly #setSum: SetSum;
  /** As they will be; of the authors that this transaction touches. */
  readonly #tips = new Map<string, Tip[]>();
  /** Those that come, and, as undefined, those that go. */
  readonly #heads = new Map<string, IntentionId | undefined>();
  readonly #appended = new Map<number, Witnessed>();
  #wseq: number;
  #chainHash: Hash;
  #maxTimestamp: bigint;

  constructor(table: (name: string) => Table, head: LogHead) {
    this.#table = table;
    this.#setSum = head.setSum.clone();
    this.#wseq = head.wseq;
    this.#chainHash = head.chainHash;
    this.#maxTimestamp = head.maxTimestamp;
  }

  table(name: string): Table {
    return this.#table(name);
  }

  /** Its parents are in the log and everything about it was checked. Says whether it makes its author a forker. */
  append(intention: Intention, options: { wallMs: number; signature: Uint8Array | undefined }): { forked: boolean } {
    const { author, seq, id, hash, storePrev, condition } = intention;
    const forked = this.#noteFork(intention);
    this.#wseq += 1;
    this.#chainHash = chainHashAfter(this.#chainHash, hash, options.wallMs);
    const wseq = u64be(this.#wseq);
    this.#table("witness").put(
      wseq,
      encodeWitness({ ...options, chainHash: this.#chainHash, body: intention.body }),
    );
    this.#table("index").put(id, wseq);
    this.#table("chain").put(concatBytes(author, u64be(seq), wseq), NOTHING);
    this.#moveTip(intention);
    for (const parent of [storePrev, ...condition]) this.#removeHead(parent);
    this.#heads.set(bytesKey(id), id);
    this.#setSum.add(hash);
    this.#appended.set(this.#wseq, { wseq: this.#wseq, ...options, intention });
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
    for (const [author, tips] of this.#tips) this.#table("tips").put(bytesFromKey(author), encodeTips(tips));
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
    return this.#tipsOf(author).find((tip) => equalBytes(tip.id, id))?.seq;
  }

  #tipsOf(author: PubKey): Tip[] {
    const key = bytesKey(author);
    let tips = this.#tips.get(key);
    if (tips === undefined) {
      const row = this.#table("tips").get(author);
      tips = row === undefined ? [] : decodeTips(author, row);
      this.#tips.set(key, tips);
    }
    return tips;
  }

  #moveTip({ author, seq, id, storePrev }: Intention): void {
    const others = this.#tipsOf(author).filter((tip) => !equalBytes(tip.id, storePrev));
    this.#tips.set(bytesKey(author), [...others, { author, seq, id }]);
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

  #isCitedAsPrev({ author, seq, storePrev }: Intention): boolean {
    const range = { gte: concatBytes(author, u64be(seq)), lt: concatBytes(author, u64be(seq + 1)) };
    for (const [key] of this.#table("chain").range(range)) {
      if (equalBytes(this.#read(key.subarray(40)).intention.storePrev, storePrev)) return true;
    }
    return false;
  }
}

const TIP_BYTES = 8 + ID_BYTES;

/** In the order of ids, so that nodes with the same tips have the same row. */
function encodeTips(tips: readonly Tip[]): Uint8Array {
  const sorted = tips.toSorted((a, b) => compareBytes(a.id, b.id));
  return concatBytes(...sorted.flatMap(({ seq, id }) => [u64be(seq), id]));
}

function decodeTips(author: PubKey, row: Uint8Array): Tip[] {
  if (row.length % TIP_BYTES !== 0) throw corrupt("tips", author, "no list of tips");
  const tips: Tip[] = [];
  for (let at = 0; at < row.length; at += TIP_BYTES) {
    tips.push({ author, seq: readSeqBe(row, at), id: row.subarray(at + 8, at + TIP_BYTES) as IntentionId });
  }
  return tips;
}

export function toWitnessed(key: Uint8Array, row: Uint8Array): Witnessed {
  const record = decodeWitness(row);
  if (record === undefined) throw corrupt("witness", key, "no witness record");
  const intention = storedIntention("witness", key, record.body);
  return { wseq: readSeqBe(key), wallMs: record.wallMs, signature: record.signature, intention };
}

function readHead(storage: Storage): LogHead {
  const row = storage.table("meta").get(HEAD_KEY);
  if (row === undefined) return EMPTY_HEAD;
  const head = decodeLogHead(row);
  if (head === undefined) throw corrupt("meta", HEAD_KEY, "no log head");
  return head;
}
