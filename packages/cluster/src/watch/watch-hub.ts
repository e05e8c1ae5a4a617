/**
 * Who watches what, and where the events go.
 *
 * A watch is *synced*, and is told what happens as it is applied, or it *lags*, and reads the history until it has caught up: it
 * began in the past, its client takes less than comes, or this member's state was replaced. So nothing is kept for anybody
 * who is slow, and the history is the only queue.
 *
 * Invariants, for each watch
 *  1. It is told every event of its range, from the revision on where it began, once and in their order.
 *  2. All events of a revision are in one response, unless it asked for fragments; then no other response of the watch is between them.
 *  3. While it is synced, it has been told everything up to the revision of the hub.
 *  4. That progress was made to a revision is said only when everything up to there was said before.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import { LAGGING_REVISIONS_MAX, WATCH_RESPONSE_BYTES } from "../limits.ts";
import type { KeyEvent, RevisionEvents } from "./key-event.ts";
import { RangeIndex, type KeyRange } from "./range-index.ts";
import type { WatchStream } from "./watch-stream.ts";
import type { Watcher } from "./watcher.ts";

/** What was applied earlier. */
export interface WatchHistory {
  /** Where a watch may begin: what happened before it is not known any more. */
  readonly firstRevision: number;
  /** Events of `range` from revision `from` on, revision by revision, without a break. To be read at once. */
  events(range: KeyRange, from: number): Iterable<RevisionEvents>;
}

export class WatchHub {
  readonly #history: WatchHistory;
  readonly #synced = new RangeIndex<Watcher>();
  #revision: number;
  readonly #served = new Set<WatchStream>();
  #isServing = false;
  #revisionsLeft = 0;

  constructor(history: WatchHistory, revision: number) {
    this.#history = history;
    this.#revision = revision;
  }

  /** Everything up to it has been published. */
  get revision(): number {
    return this.#revision;
  }

  get firstRevision(): number {
    return this.#history.firstRevision;
  }

  /** What was applied, in its order, without gaps; the key space stands at `revision` after it. */
  publish(events: readonly KeyEvent[], revision: number): void {
    this.#revision = revision;
    if (events.length === 0 || this.#synced.isEmpty) return;
    const touched: Watcher[] = [];
    for (const event of events) this.#offer(event, touched);
    for (const watcher of touched) {
      if (!watcher.hasPending) continue;
      if (watcher.stream.isFull) this.#fallBehind(watcher, watcher.next);
      else watcher.stream.tell(watcher);
    }
  }

  /** The state is another one by now, further on. Who was told everything up to then reads the rest in its history. */
  replaced(revision: number): void {
    const next = this.#revision + 1;
    this.#revision = revision;
    for (const watcher of [...this.#synced]) this.#fallBehind(watcher, Math.max(next, watcher.next));
  }

  begin(watcher: Watcher): void {
    if (watcher.next > this.#revision) this.#synced.add(watcher.options.range, watcher);
    else watcher.stream.lags(watcher);
  }

  end(watcher: Watcher): void {
    this.#synced.delete(watcher.options.range, watcher);
  }

  /** The stream has watches that lag, and room for what they miss. They have their turn, one after the other. */
  serve(stream: WatchStream): void {
    this.#served.add(stream);
    if (!this.#isServing) void this.#serveAll();
  }

  /**
   * Gathers what comes next for one that lags; says whether it has caught up, and if so it is synced from here on. Looks at no
   * more revisions than are left in this turn.
   */
  catchUp(watcher: Watcher): boolean {
    for (const { revision, events } of this.#history.events(watcher.options.range, watcher.next)) {
      if (this.#revisionsLeft-- <= 0 || watcher.pendingBytes > WATCH_RESPONSE_BYTES) return false;
      for (const event of events) if (watcher.wants(event)) watcher.add(event, revision);
      watcher.pendingTo = revision;
      if (!watcher.hasPending) watcher.next = revision + 1;
    }
    watcher.pendingTo = this.#revision;
    // It may have begun further on than this member has come.
    if (!watcher.hasPending) watcher.next = Math.max(watcher.next, this.#revision + 1);
    this.#synced.add(watcher.options.range, watcher);
    return true;
  }

  /** However many lag, others have their turn in between. */
  async #serveAll(): Promise<void> {
    this.#isServing = true;
    while (this.#served.size > 0) {
      await nextTurn();
      this.#revisionsLeft = LAGGING_REVISIONS_MAX;
      for (const stream of this.#served) {
        this.#served.delete(stream);
        // It comes behind the others, should there be more for it.
        if (stream.advance()) this.#served.add(stream);
        // To look for what there is costs something as well where there is nothing.
        if (--this.#revisionsLeft <= 0) break;
      }
    }
    this.#isServing = false;
  }

  #offer(event: KeyEvent, touched: Watcher[]): void {
    const { revision } = event;
    this.#synced.forEachAt(event.key, (watcher) => {
      if (revision < watcher.next || !watcher.wants(event)) return;
      if (watcher.stream.isFull) {
        this.#fallBehind(watcher, revision);
        return;
      }
      if (watcher.pendingBytes > WATCH_RESPONSE_BYTES && watcher.pendingTo < revision)
        watcher.stream.tell(watcher);
      if (!watcher.hasPending) touched.push(watcher);
      watcher.add(event, revision);
    });
  }

  #fallBehind(watcher: Watcher, from: number): void {
    this.#synced.delete(watcher.options.range, watcher);
    watcher.next = from;
    watcher.dropPending();
    watcher.stream.lags(watcher);
  }
}
