/**
 * One end of a channel over memory.
 *
 * What is sent waits in the sender's outbox; a pump, run by the network's scheduler, moves it into the other end's
 * inbox while that has room. There is at most one pump on its way per direction, so frames keep their order
 * whatever the scheduler does.
 */
import { LatticeError, type PubKey } from "@lattice/model";
import { FrameInbox } from "../frame-inbox.ts";
import { checkFrameLength } from "../frames.ts";
import { SEND_QUEUE_BYTES_MAX, UNREAD_BYTES_MAX } from "../limits.ts";
import { Room } from "../room.ts";
import type { Channel } from "../transport.ts";

export type Schedule = (task: () => void) => void;

interface MemoryChannelOptions {
  readonly peer: PubKey;
  readonly protocol: string;
  readonly outbound: boolean;
  readonly schedule: Schedule;
  /** Called once, when both directions have ended. */
  readonly onEnded: (channel: MemoryChannel) => void;
}

export class MemoryChannel implements Channel {
  readonly peer: PubKey;
  readonly protocol: string;
  readonly outbound: boolean;
  readonly #schedule: Schedule;
  readonly #onEnded: (channel: MemoryChannel) => void;
  readonly #inbox = new FrameInbox({
    onTaken: () => this.#other.#pumpSoon(),
    onReader: () => this.#other.#pumpSoon(),
  });
  readonly #room = new Room();
  #other!: MemoryChannel;
  #outbox: Uint8Array[] = [];
  #outboxBytes = 0;
  #pumping = false;
  #closing = false;
  /** Everything was handed over, and the end of it announced. */
  #finished = false;
  #broken = false;

  constructor(options: MemoryChannelOptions) {
    this.peer = options.peer;
    this.protocol = options.protocol;
    this.outbound = options.outbound;
    this.#schedule = options.schedule;
    this.#onEnded = options.onEnded;
  }

  static join(a: MemoryChannel, b: MemoryChannel): void {
    a.#other = b;
    b.#other = a;
  }

  get frames(): AsyncIterable<Uint8Array> {
    return this.#inbox;
  }

  get closed(): boolean {
    return this.#closing || this.#broken;
  }

  async send(frame: Uint8Array): Promise<void> {
    checkFrameLength(frame);
    if (this.closed) throw new LatticeError("closed", "the channel is closed");
    this.#outbox.push(new Uint8Array(frame));
    this.#outboxBytes += frame.length;
    this.#pumpSoon();
    while (this.#outboxBytes >= SEND_QUEUE_BYTES_MAX) {
      await this.#room.wait();
      if (this.#broken) throw new LatticeError("closed", "the channel broke before there was room");
    }
  }

  async close(): Promise<void> {
    this.#closing = true;
    this.#other.#pumpSoon();
    this.#pumpSoon();
    while (!this.#finished && !this.#broken) await this.#room.wait();
  }

  abort(): void {
    this.#inbox.drop();
    if (this.#ended()) return;
    this.break();
    this.#schedule(() => this.#other.break());
  }

  /** Ends this end at once. */
  break(): void {
    if (this.#ended()) return;
    this.#broken = true;
    this.#outbox = [];
    this.#outboxBytes = 0;
    this.#inbox.drop();
    this.#room.changed();
    this.#onEnded(this);
  }

  /** Ends both ends; what this one had queued still arrives. */
  shutDown(): void {
    if (this.#ended()) return;
    this.#closing = true;
    for (const frame of this.#outbox.splice(0)) this.#other.#inbox.push(frame);
    this.#outboxBytes = 0;
    this.break();
    this.#other.#lose();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** The other end went away in good order: nothing more can be sent, what arrived can be read. */
  #lose(): void {
    if (this.#ended()) return;
    this.#broken = true;
    this.#outbox = [];
    this.#outboxBytes = 0;
    this.#inbox.end();
    this.#room.changed();
    this.#onEnded(this);
  }

  #ended(): boolean {
    return this.#broken || (this.#finished && this.#other.#finished);
  }

  #pumpSoon(): void {
    if (this.#pumping || this.#finished || this.#broken) return;
    this.#pumping = true;
    this.#schedule(() => {
      this.#pumping = false;
      this.#pump();
    });
  }

  #pump(): void {
    if (this.#finished || this.#broken) return;
    while (this.#outbox.length > 0 && this.#other.#takes()) {
      const frame = this.#outbox.shift()!;
      this.#outboxBytes -= frame.length;
      this.#other.#inbox.push(frame);
    }
    if (this.#closing && this.#outbox.length === 0) this.#finish();
    this.#room.changed();
  }

  #finish(): void {
    this.#finished = true;
    this.#other.#inbox.end();
    if (!this.#ended()) return;
    this.#onEnded(this);
    this.#other.#onEnded(this.#other);
  }

  /** Not read means not received; only what is closed and left by its reader takes everything, to nowhere. */
  #takes(): boolean {
    if (this.#inbox.reader === "left") return this.closed;
    return this.#inbox.unreadBytes < UNREAD_BYTES_MAX;
  }
}
