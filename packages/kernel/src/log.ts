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
  bytesKey,
  concatBytes,
  equalBytes,
  idHash,
  readSeqBe,
  sha256Parts,
  u64be,
  prefixEnd,
  SetSum,
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
    return [...this.#table("heads").range()].map(([key]) => key as IntentionId);
  }

  tips(author?: PubKey): Tip[] {
    const tips: Tip[] = [];
    for (const [key, value] of this.#table("tips").range(author && prefixRange(author))) {
      tips.push({ author: key.subarray(0, 32) as PubKey, id: key.subarray(32) as IntentionId, seq: readSeqBe(value) });
    }
    return tips;
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
      const writer = new LogWriter(this, table, this.#head);
      const value = body(writer);
      return { value, head: writer.finish() };
    });
    this.#head = result.head;
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
  readonly #log: WitnessLog;
  readonly #table: (name: string) => Table;
  readonly #setSum: SetSum;
  readonly #tips: PendingRows;
  readonly #heads: PendingRows;
  #wseq: number;
  #chainHash: Hash;
  #maxTimestamp: bigint;

  constructor(log: WitnessLog, table: (name: string) => Table, head: LogHead) {
    this.#log = log;
    this.#table = table;
    this.#setSum = head.setSum.clone();
    this.#tips = new PendingRows(table("tips"));
    this.#heads = new PendingRows(table("heads"));
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
    this.#tips.delete(concatBytes(author, storePrev));
    this.#tips.put(concatBytes(author, id), u64be(seq));
    this.#heads.delete(storePrev);
    for (const parent of condition) this.#heads.delete(parent);
    this.#heads.put(id, author);
    this.#setSum.add(hash);
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

  finish(): LogHead {
    this.#tips.write();
    this.#heads.write();
    const head = {
      wseq: this.#wseq,
      chainHash: this.#chainHash,
      setSum: this.#setSum,
      maxTimestamp: this.#maxTimestamp,
    };
    this.#table("meta").put(HEAD_KEY, encodeLogHead(head));
    return head;
  }

  /** A tip is never cited twice by its author, unless the author forks there. */
  #noteFork(intention: Intention): boolean {
    const { author, seq, storePrev } = intention;
    if (seq === 0) return false;
    if (this.#tips.has(concatBytes(author, storePrev))) return false;
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

/** Rows that come and go within a transaction are written only as they are at its end. */
class PendingRows {
  readonly #table: Table;
  readonly #rows = new Map<string, { key: Uint8Array; value: Uint8Array | undefined }>();

  constructor(table: Table) {
    this.#table = table;
  }

  has(key: Uint8Array): boolean {
    const pending = this.#rows.get(bytesKey(key));
    return pending === undefined ? this.#table.has(key) : pending.value !== undefined;
  }

  put(key: Uint8Array, value: Uint8Array): void {
    this.#rows.set(bytesKey(key), { key, value });
  }

  delete(key: Uint8Array): void {
    const name = bytesKey(key);
    if (this.#rows.has(name) && !this.#table.has(key)) this.#rows.delete(name);
    else this.#rows.set(name, { key, value: undefined });
  }

  write(): void {
    for (const { key, value } of this.#rows.values()) {
      if (value !== undefined) this.#table.put(key, value);
      else if (this.#table.has(key)) this.#table.delete(key);
    }
  }
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

function prefixRange(prefix: Uint8Array): { gte: Uint8Array; lt?: Uint8Array } {
  const lt = prefixEnd(prefix);
  return { gte: prefix, ...(lt && { lt }) };
}
