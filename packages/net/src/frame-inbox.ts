/**
 * Frames that arrived and were not read yet: the `frames` of a channel, whatever carries it.
 *
 * Unbounded by itself: the channel looks at `unreadBytes` and stops taking from the network; `onTaken` tells it
 * when there is room again.
 */
import { LatticeError } from "@lattice/model";

/** Whether somebody reads: not yet, now, or no more. */
export type Reader = "none" | "reading" | "left";

export class FrameInbox implements AsyncIterable<Uint8Array> {
  readonly #onTaken: () => void;
  readonly #onReader: (reader: Reader) => void;
  #frames: Uint8Array[] = [];
  #first = 0;
  #unreadBytes = 0;
  #ended = false;
  #reader: Reader = "none";
  /** Calls of `next()` that wait, oldest first. */
  #waiting: ((result: IteratorResult<Uint8Array>) => void)[] = [];

  constructor(options: { onTaken: () => void; onReader: (reader: Reader) => void }) {
    this.#onTaken = options.onTaken;
    this.#onReader = options.onReader;
  }

  get unreadBytes(): number {
    return this.#unreadBytes;
  }

  get ended(): boolean {
    return this.#ended;
  }

  get reader(): Reader {
    return this.#reader;
  }

  push(frame: Uint8Array): void {
    if (this.#ended || this.#reader === "left") return;
    const waiting = this.#waiting.shift();
    if (waiting !== undefined) return waiting({ done: false, value: frame });
    this.#frames.push(frame);
    this.#unreadBytes += frame.length;
  }

  /** No more will come; what is here can still be read. */
  end(): void {
    this.#ended = true;
    for (const waiting of this.#waiting.splice(0)) waiting({ done: true, value: undefined });
  }

  /** Ends and forgets what was not read. */
  drop(): void {
    this.#forget();
    this.end();
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    if (this.#reader !== "none") {
      throw new LatticeError("failed-precondition", "the frames of a channel can be iterated once");
    }
    this.#become("reading");
    return {
      next: () => this.#next(),
      return: () => {
        if (this.#reader === "reading") this.#become("left");
        this.drop();
        return Promise.resolve({ done: true, value: undefined });
      },
    };
  }

  #next(): Promise<IteratorResult<Uint8Array>> {
    const frame = this.#frames[this.#first];
    if (frame !== undefined) {
      this.#first++;
      if (this.#first === this.#frames.length) {
        this.#frames = [];
        this.#first = 0;
      }
      this.#unreadBytes -= frame.length;
      this.#onTaken();
      return Promise.resolve({ done: false, value: frame });
    }
    if (this.#ended) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #become(reader: Reader): void {
    this.#reader = reader;
    this.#onReader(reader);
  }

  #forget(): void {
    this.#frames = [];
    this.#first = 0;
    this.#unreadBytes = 0;
  }
}
