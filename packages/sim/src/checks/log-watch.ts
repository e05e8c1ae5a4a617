/**
 * Watches the log of one store on one machine, through crashes, restored backups and rebuilds.
 *
 * Invariants, looked at after each step in which the log changed
 *  1. What is durable stays, in its place (weaver.md §4).
 *  2. Every intention stands behind all of its parents, and is younger than each (§3).
 *  3. Its author wrote it.
 *  4. Nobody writes two intentions in one place of its chain, unless its disk was copied or restored, or it lies.
 *  5. What this machine writes is younger than all that it has witnessed, and cites all heads of that (§2).
 *  6. What others wrote was durable on their disks before it came here (§4).
 *  7. What came here was not more than five minutes ahead of this machine's clock (§3).
 */
import { bytesKey, FUTURE_MS_MAX, parentsOf, toHex, type Intention } from "@lattice/model";
import type { Store } from "@lattice/kernel";
import { Violation } from "../violation.ts";
import type { Authors } from "./authors.ts";
import { HeadsWatch } from "./heads-watch.ts";

/** What is durable, by which a disk is known again. */
export interface Durable {
  readonly wseq: number;
  readonly ids: readonly string[];
  /** A record has gone bad. */
  readonly isDamaged: boolean;
}

export interface LogWatchOptions {
  readonly machine: string;
  readonly self: string;
  readonly authors: Authors;
}

export class LogWatch {
  readonly #options: LogWatchOptions;
  #store: Store | undefined;
  #head: object | undefined;
  #ids: string[] = [];
  #durableWseq = 0;
  /** What this author wrote and is not known to be durable. */
  #ownPending: Intention[] = [];
  #newest = 0n;
  #heads = new HeadsWatch();
  /** The order may be another one after a rebuild; what is in it may not. */
  #wasRebuilt = false;
  #mayHaveLost = false;
  #isDamaged = false;
  #notedWseq = 0;

  constructor(options: LogWatchOptions, durable?: Durable) {
    this.#options = options;
    this.#ids = [...(durable?.ids ?? [])];
    this.#durableWseq = durable?.wseq ?? 0;
    this.#isDamaged = durable?.isDamaged ?? false;
  }

  /** Ids in the order of the log. */
  get ids(): readonly string[] {
    return this.#ids;
  }

  get durable(): Durable {
    return {
      wseq: this.#durableWseq,
      ids: this.#ids.slice(0, this.#durableWseq),
      isDamaged: this.#isDamaged,
    };
  }

  /** The id of a durable intention with that hash. */
  durableId(hash: Uint8Array): string | undefined {
    const end = bytesKey(hash);
    for (let at = this.#durableWseq - 1; at >= 0; at--)
      if (this.#ids[at]!.endsWith(end)) return this.#ids[at];
    return undefined;
  }

  noteRebuild(): void {
    this.#wasRebuilt = true;
  }

  /** Its log went bad: nothing can be said of it until it was rebuilt. */
  noteDamage(): void {
    this.#isDamaged = true;
  }

  noteRepair(): void {
    this.#isDamaged = false;
    this.#wasRebuilt = true;
    this.#mayHaveLost = true;
  }

  get isDamaged(): boolean {
    return this.#isDamaged;
  }

  /** `nowMs` of the machine's clock. */
  check(store: Store, nowMs: number): void {
    if (this.#isDamaged) return this.#noteOwn(store);
    // What a store held when it was opened came at another time.
    const latestMs = store === this.#store ? nowMs + FUTURE_MS_MAX : Infinity;
    if (store !== this.#store) this.#reopened(store);
    const { log } = store;
    if (log.head === this.#head && store.durableWseq === this.#durableWseq) return;
    this.#head = log.head;
    if (!this.#isPrefix(store, this.#ids.length)) this.#takenBack(store);
    for (let wseq = this.#ids.length + 1; wseq <= log.head.wseq; wseq++)
      this.#checkNext(store, wseq, latestMs);
    if (store.durableWseq < this.#durableWseq) {
      this.#fail("durability", `${this.#durableWseq} were durable, now ${store.durableWseq} are`);
    }
    const { authors, self } = this.#options;
    for (let wseq = this.#durableWseq + 1; wseq <= store.durableWseq; wseq++) {
      const { intention } = log.at(wseq);
      if (bytesKey(intention.author) !== self) continue;
      authors.place(store, intention);
      authors.flushed(intention);
    }
    if (store.durableWseq === log.head.wseq) this.#ownPending = [];
    this.#durableWseq = store.durableWseq;
  }

  /** Of a log of which nothing can be said yet: who wrote what. */
  #noteOwn({ log }: Store): void {
    for (let wseq = Math.max(this.#ids.length, this.#notedWseq) + 1; wseq <= log.head.wseq; wseq++) {
      const { intention } = log.at(wseq);
      if (bytesKey(intention.author) === this.#options.self) {
        this.#options.authors.wrote(intention);
        this.#options.authors.flushed(intention);
      }
      this.#notedWseq = wseq;
    }
  }

  /** The process has died: what was not durable may be gone, and may be on the disk all the same. */
  died(): void {
    for (const intention of this.#ownPending) this.#options.authors.flushed(intention);
    this.#ownPending = [];
    this.#notedWseq = 0;
    this.#store = undefined;
    this.#head = undefined;
    this.#ids.length = this.#durableWseq;
  }

  #reopened(store: Store): void {
    this.died();
    this.#store = store;
    this.#forget();
    if (this.#wasRebuilt) this.#checkRebuilt(store);
    else if (!this.#isPrefix(store, this.#durableWseq)) {
      this.#fail(
        "durability",
        `of ${this.#durableWseq} that were durable, the log holds ${store.log.head.wseq}`,
      );
    }
    for (let wseq = 1; wseq <= this.#ids.length; wseq++) this.#note(store.log.at(wseq).intention);
  }

  #checkRebuilt(store: Store): void {
    const isThere = new Set<string>();
    for (const { intention } of store.log.records({ from: 1 })) isThere.add(bytesKey(intention.id));
    const lost = this.#ids.filter((id) => !isThere.has(id));
    if (lost.length > 0 && !this.#mayHaveLost) this.#fail("rebuild", `${lost.length} intentions were lost`);
    this.#wasRebuilt = false;
    this.#mayHaveLost = false;
    this.#ids = [];
    this.#durableWseq = 0;
  }

  /** Whether the log begins with what was seen in it. */
  #isPrefix({ log }: Store, count: number): boolean {
    if (log.head.wseq < count) return false;
    return count === 0 || bytesKey(log.at(count).intention.id) === this.#ids[count - 1];
  }

  /** A flush has failed. */
  #takenBack(store: Store): void {
    if (!this.#isPrefix(store, this.#durableWseq))
      this.#fail("durability", "a durable intention was taken back");
    this.#ids.length = this.#durableWseq;
    this.#forget();
    for (let wseq = 1; wseq <= this.#ids.length; wseq++) this.#note(store.log.at(wseq).intention);
  }

  #checkNext(store: Store, wseq: number, latestMs: number): void {
    const { log } = store;
    const { intention } = log.at(wseq);
    const name = toHex(intention.hash).slice(0, 8);
    if (wseq > 1) {
      for (const parent of parentsOf(intention)) {
        const at = log.wseqOf(parent);
        if (at === undefined || at >= wseq)
          this.#fail("causality", `${name} stands before one of its parents`);
        if (log.at(at).intention.timestamp >= intention.timestamp) {
          this.#fail("causality", `${name} is not younger than one of its parents`);
        }
      }
    }
    const isOwn = bytesKey(intention.author) === this.#options.self;
    const isWrittenHere = isOwn && !this.#options.authors.knows(intention);
    if (isOwn && !this.#options.authors.knows(intention) && intention.timestamp <= this.#newest) {
      this.#fail("clock", `${name} was written, and is older than what its author had seen`);
    }
    // A child's genesis is known from the parent, sometimes before its creator has begun the child.
    if (isOwn) this.#ownPending.push(intention);
    if (isOwn || wseq === 1) this.#options.authors.wrote(intention);
    else this.#options.authors.place(store, intention);
    if (!this.#options.authors.knows(intention)) {
      this.#fail(
        "forgery",
        `${name} of ${toHex(intention.author).slice(0, 8)} was accepted, and its author has not written it`,
      );
    }
    this.#note(intention);
    if (isWrittenHere && intention.ops.length > 0 && this.#heads.count > 1) {
      this.#fail("frontier", `${name} was written, and does not cite all that its author had seen`);
    }
    if (!isOwn && wseq > 1 && !this.#options.authors.mayBeSent(intention)) {
      this.#fail("early", `${name} was sent before it was durable`);
    }
    const aheadMs = Number(intention.timestamp >> 16n) - latestMs;
    if (!isOwn && aheadMs > 0) this.#fail("future", `${name} was accepted ${aheadMs} ms too early`);
    this.#ids.push(bytesKey(intention.id));
  }

  #forget(): void {
    this.#newest = 0n;
    this.#heads = new HeadsWatch();
  }

  #note(intention: Intention): void {
    if (intention.timestamp > this.#newest) this.#newest = intention.timestamp;
    this.#heads.note(intention);
  }

  #fail(check: string, message: string): never {
    throw new Violation(check, `${this.#options.machine}: ${message}`);
  }
}
