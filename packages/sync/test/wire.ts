/** A channel in memory that a test can watch, cut after any frame, and stop reading. */
import { FRAME_BYTES_MAX, LatticeError, type PubKey } from "@lattice/model";
import type { SyncChannel } from "../src/index.ts";
import { decodeFrame, type Frame } from "../src/frames.ts";

/** What may wait for one end before its sender has to. */
const ROOM_COUNT = 64;
/** More is taken for two that never come to rest. */
const FRAMES_MAX = 20_000;

export type Kind = Frame["oneofKind"];

export class Wire {
  readonly ends: readonly [End, End];
  /** Frames that were handed over, by kind. */
  readonly kinds: [kind: Kind, from: 0 | 1][] = [];
  /** Is looked at before a frame is handed over; false breaks the wire instead. */
  passes: (count: number) => boolean = () => true;

  constructor(a: PubKey, b: PubKey) {
    this.ends = [new End(this, 0, b), new End(this, 1, a)];
  }

  count(kind: Kind, from?: 0 | 1): number {
    return this.kinds.filter((entry) => entry[0] === kind && (from === undefined || entry[1] === from))
      .length;
  }

  note(frame: Uint8Array, from: 0 | 1): void {
    if (this.kinds.length >= FRAMES_MAX) throw new Error("the two sessions never come to rest");
    if (!this.passes(this.kinds.length)) {
      this.break();
      throw new LatticeError("closed", "the wire was cut");
    }
    this.kinds.push([kindOf(frame), from]);
  }

  break(): void {
    for (const end of this.ends) end.break();
  }
}

/** undefined for what is no frame. */
function kindOf(frame: Uint8Array): Kind {
  try {
    return decodeFrame(frame).oneofKind;
  } catch {
    return undefined;
  }
}

export class End implements SyncChannel {
  readonly peer: PubKey;
  readonly outbound: boolean;
  readonly #wire: Wire;
  readonly #side: 0 | 1;
  #inbox: Uint8Array[] = [];
  #isBroken = false;
  #isEnded = false;
  #wake: (() => void)[] = [];

  constructor(wire: Wire, side: 0 | 1, peer: PubKey) {
    this.#wire = wire;
    this.#side = side;
    this.peer = peer;
    this.outbound = side === 0;
  }

  get isBroken(): boolean {
    return this.#isBroken;
  }

  get unreadCount(): number {
    return this.#inbox.length;
  }

  get #other(): End {
    return this.#wire.ends[1 - this.#side]!;
  }

  async send(frame: Uint8Array): Promise<void> {
    // As the real ones do; what is sent may be changed afterwards.
    await Promise.resolve();
    this.#assertWhole();
    if (frame.length > FRAME_BYTES_MAX) throw new LatticeError("too-large", "a frame is over the limit");
    const other = this.#other;
    while (other.#inbox.length >= ROOM_COUNT) {
      await new Promise<void>((resolve) => other.#wake.push(resolve));
      this.#assertWhole();
    }
    this.#wire.note(frame, this.#side);
    other.#inbox.push(new Uint8Array(frame));
    other.#changed();
  }

  readonly frames: AsyncIterable<Uint8Array> = {
    [Symbol.asyncIterator]: () => ({ next: () => this.#next() }),
  };

  close(): Promise<void> {
    this.#other.#isEnded = true;
    this.#other.#changed();
    return Promise.resolve();
  }

  abort(): void {
    this.#wire.break();
  }

  break(): void {
    this.#isBroken = true;
    this.#inbox = [];
    this.#changed();
  }

  async #next(): Promise<IteratorResult<Uint8Array>> {
    for (;;) {
      const frame = this.#inbox.shift();
      if (frame !== undefined) {
        this.#changed();
        return { done: false, value: frame };
      }
      if (this.#isBroken || this.#isEnded) return { done: true, value: undefined };
      await new Promise<void>((resolve) => this.#wake.push(resolve));
    }
  }

  #assertWhole(): void {
    if (this.#isBroken) throw new LatticeError("closed", "the wire is broken");
  }

  #changed(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }
}

/** Everything in memory goes on until it waits for something; then a turn passes without a frame. */
export async function atRest(...wires: readonly Wire[]): Promise<void> {
  const count = () => wires.reduce((sum, wire) => sum + wire.kinds.length, 0);
  for (let before = -1; before !== count();) {
    before = count();
    for (let turns = 0; turns < 3; turns++) await new Promise((resolve) => setImmediate(resolve));
  }
}
