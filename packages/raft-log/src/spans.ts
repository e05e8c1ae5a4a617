/**
 * Which segment holds which entries of the log, to know which are not needed any more. A segment begins with what all
 * before it say of anything but entries (see start.ts), so only its entries keep it.
 *
 * Invariant: spans ascend in segments without gaps, and do not descend in `first`; a segment holds the entries from its
 * `first` up to that of the next one, the last segment those up to the log's end.
 */
import { minIndex, plus, type LogIndex } from "@lattice/raft";

interface Span {
  readonly segment: number;
  first: LogIndex;
}

export class SegmentSpans {
  readonly #spans: Span[] = [];

  /** A segment whose entries go on behind `last`. */
  begin(segment: number, last: LogIndex): void {
    this.#spans.push({ segment, first: plus(last, 1) });
  }

  /** Entries above `kept` are gone, and those that follow them are in the newest segment. */
  keep(kept: LogIndex): void {
    for (let at = this.#spans.length - 1; at >= 0 && this.#spans[at]!.first > kept + 1; at--) {
      this.#spans[at]!.first = minIndex(this.#spans[at]!.first, plus(kept, 1));
    }
  }

  /** The oldest segments that hold nothing above the base; they are forgotten. In order, so that no gap comes to be. */
  takeDead(base: LogIndex): number[] {
    const needed = this.#spans.findIndex((_, at) => {
      const next = this.#spans[at + 1];
      return next === undefined || next.first > base + 1;
    });
    return this.#spans.splice(0, Math.max(0, needed)).map(({ segment }) => segment);
  }
}
