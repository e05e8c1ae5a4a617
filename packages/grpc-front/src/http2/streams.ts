/** The streams of a connection (RFC 9113 §5.1): which are open, and what is still to be expected of those that are not. */
import { RESET_MEMORY_COUNT, STREAM_COUNT_MAX } from "./limits.ts";
import type { Http2Call } from "./http2-call.ts";

export class Streams {
  readonly #calls = new Map<number, Http2Call>();
  /** Handlers at work for nobody. */
  readonly #orphans = new Set<Http2Call>();
  /** Reset by the server while their client was sending, the oldest first. */
  readonly #resets = new Set<number>();
  #lastId = 0;

  get count(): number {
    return this.#calls.size;
  }

  /** No more may be opened: handlers whose client is gone count as well. */
  get isFull(): boolean {
    return this.#calls.size + this.#orphans.size >= STREAM_COUNT_MAX;
  }

  /** The highest one that a client has opened. Lower ones are not idle any more, opened or not (§5.1.1). */
  get lastId(): number {
    return this.#lastId;
  }

  get(streamId: number): Http2Call | undefined {
    return this.#calls.get(streamId);
  }

  all(): Iterable<Http2Call> {
    return this.#calls.values();
  }

  isIdle(streamId: number): boolean {
    return streamId > this.#lastId || streamId % 2 === 0;
  }

  /** Its client may not know yet that it is closed. */
  isReset(streamId: number): boolean {
    return this.#resets.has(streamId);
  }

  begin(streamId: number): void {
    this.#lastId = streamId;
  }

  add(call: Http2Call): void {
    this.#calls.set(call.streamId, call);
  }

  close(call: Http2Call): void {
    call.isClosed = true;
    call.drop();
    this.#calls.delete(call.streamId);
    if (call.isHandling) this.#orphans.add(call);
    if (!call.hasClientEnded) this.rememberReset(call.streamId);
  }

  handled(call: Http2Call): void {
    if (call.isClosed) this.#orphans.delete(call);
  }

  rememberReset(streamId: number): void {
    this.#resets.add(streamId);
    if (this.#resets.size <= RESET_MEMORY_COUNT) return;
    for (const oldest of this.#resets) {
      this.#resets.delete(oldest);
      break;
    }
  }

  /** The client has ended it as well: nothing of it may come any more. */
  forgetReset(streamId: number): void {
    this.#resets.delete(streamId);
  }
}
