/** The window of one follower: how many messages with entries, and how many bytes of them, are not answered yet. */
import type { LogIndex } from "./ids.ts";

export interface InflightsBounds {
  readonly countMax: number;
  readonly bytesMax: number;
}

interface Inflight {
  /** Of its last entry. */
  readonly index: LogIndex;
  readonly bytes: number;
}

export class Inflights {
  readonly #bounds: InflightsBounds;
  /** Oldest first; those before `#start` are answered. */
  #sent: Inflight[] = [];
  #start = 0;
  #bytes = 0;

  constructor(bounds: InflightsBounds) {
    this.#bounds = bounds;
  }

  get count(): number {
    return this.#sent.length - this.#start;
  }

  get isFull(): boolean {
    return this.count >= this.#bounds.countMax || this.#bytes >= this.#bounds.bytesMax;
  }

  add(index: LogIndex, bytes: number): void {
    this.#sent.push({ index, bytes });
    this.#bytes += bytes;
  }

  /** Everything up to there has come. */
  freeTo(index: LogIndex): void {
    while (this.#start < this.#sent.length && this.#sent[this.#start]!.index <= index) {
      this.#bytes -= this.#sent[this.#start]!.bytes;
      this.#start += 1;
    }
    if (this.#start < this.#bounds.countMax && this.#start < this.#sent.length) return;
    this.#sent = this.#sent.slice(this.#start);
    this.#start = 0;
  }

  clear(): void {
    this.#sent = [];
    this.#start = 0;
    this.#bytes = 0;
  }

  describe(): unknown {
    return this.#sent.slice(this.#start);
  }

  clone(): Inflights {
    const copy = new Inflights(this.#bounds);
    copy.#sent = this.#sent.slice(this.#start);
    copy.#bytes = this.#bytes;
    return copy;
  }
}
