/**
 * One end of a channel over simulated packets.
 *
 * What is sent is cut into packets, each of which can be late, lost (then it is sent again), doubled, or overtaken by
 * others; the other end puts them in order again and cuts frames out of the stream by the code that ships. A channel that
 * breaks in the middle of a frame leaves half a frame there.
 */
import { LatticeError, type PubKey } from "@lattice/model";
import {
  checkFrameLength,
  encodeFrame,
  FrameDecoder,
  FrameInbox,
  Room,
  SEND_QUEUE_BYTES_MAX,
  UNREAD_BYTES_MAX,
  type Channel,
} from "@lattice/net";

const PACKET_BYTES_MAX = 16 << 10;
const IN_FLIGHT_BYTES_MAX = 256 << 10;

/** Carries packets between the hosts of two ends. */
export interface Way {
  /** Calls back once, or twice, when the packet arrives; never, where the ends are gone by then. */
  carry(packet: Uint8Array, arrive: () => void): void;
}

interface SimChannelOptions {
  readonly peer: PubKey;
  readonly protocol: string;
  readonly outbound: boolean;
  readonly way: Way;
  readonly onEnded: (channel: SimChannel) => void;
}

const NOTHING = new Uint8Array(0);

export class SimChannel implements Channel {
  readonly peer: PubKey;
  readonly protocol: string;
  readonly outbound: boolean;
  readonly #way: Way;
  readonly #onEnded: (channel: SimChannel) => void;
  readonly #inbox = new FrameInbox({
    onTaken: () => this.#other.#pump(),
    onReader: () => this.#other.#pump(),
  });
  readonly #room = new Room();
  #decoder = new FrameDecoder();
  #other!: SimChannel;
  #queue: Uint8Array[] = [];
  #queueBytes = 0;
  /** Places in the stream: of the next byte to be sent, and of the next one to be taken in. */
  #sent = 0;
  #taken = 0;
  #inFlightBytes = 0;
  /** Came too early. */
  readonly #early = new Map<number, Uint8Array>();
  /** Where the other end's stream ends, once that is known. */
  #end: number | undefined;
  #closing = false;
  #closeSent = false;
  #readAll = false;
  #finished = false;
  #broken = false;

  constructor(options: SimChannelOptions) {
    this.peer = options.peer;
    this.protocol = options.protocol;
    this.outbound = options.outbound;
    this.#way = options.way;
    this.#onEnded = options.onEnded;
  }

  static join(a: SimChannel, b: SimChannel): void {
    a.#other = b;
    b.#other = a;
  }

  get frames(): AsyncIterable<Uint8Array> {
    return this.#inbox;
  }

  get closed(): boolean {
    return this.#closing || this.#broken;
  }

  /** What waits on both sides of the wire for one of them. */
  get heldBytes(): number {
    return this.#queueBytes + this.#inFlightBytes + this.#inbox.unreadBytes;
  }

  async send(frame: Uint8Array): Promise<void> {
    checkFrameLength(frame);
    if (this.closed) throw new LatticeError("closed", "the channel is closed");
    this.sendRaw(encodeFrame(frame));
    while (this.#queueBytes >= SEND_QUEUE_BYTES_MAX) {
      await this.#room.wait();
      if (this.#broken) throw new LatticeError("closed", "the channel broke before there was room");
    }
  }

  /** Bytes as they are, which need be no frame. */
  sendRaw(bytes: Uint8Array): void {
    if (this.closed) return;
    this.#queue.push(bytes);
    this.#queueBytes += bytes.length;
    this.#pump();
  }

  async close(): Promise<void> {
    this.#closing = true;
    this.#other.#pump();
    this.#pump();
    while (!this.#finished && !this.#broken) await this.#room.wait();
  }

  abort(): void {
    if (this.#isOver()) return;
    const other = this.#other;
    this.break();
    this.#way.carry(NOTHING, () => other.break());
  }

  /** Ends this end, at once and without a word. */
  break(): void {
    this.#inbox.drop();
    if (this.#isOver()) return;
    this.#broken = true;
    this.#queue = [];
    this.#queueBytes = 0;
    this.#early.clear();
    this.#decoder = new FrameDecoder();
    this.#room.changed();
    this.#onEnded(this);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #pump(): void {
    if (this.#broken) return;
    while (
      this.#queueBytes > 0 &&
      this.#inFlightBytes < IN_FLIGHT_BYTES_MAX &&
      this.#other.#takes() &&
      !this.#finished
    ) {
      this.#transmit(this.#nextPacket());
    }
    if (this.#closing && this.#queueBytes === 0 && !this.#closeSent) {
      this.#closeSent = true;
      const end = this.#sent;
      this.#way.carry(NOTHING, () => this.#other.#onClose(end));
    }
    this.#room.changed();
  }

  #nextPacket(): Uint8Array {
    const parts: Uint8Array[] = [];
    let room = PACKET_BYTES_MAX;
    while (room > 0 && this.#queue.length > 0) {
      const first = this.#queue[0]!;
      if (first.length <= room) {
        parts.push(this.#queue.shift()!);
        room -= first.length;
      } else {
        parts.push(first.subarray(0, room));
        this.#queue[0] = first.subarray(room);
        room = 0;
      }
    }
    const packet = new Uint8Array(Buffer.concat(parts));
    this.#queueBytes -= packet.length;
    return packet;
  }

  #transmit(packet: Uint8Array): void {
    const at = this.#sent;
    this.#sent += packet.length;
    this.#inFlightBytes += packet.length;
    this.#way.carry(packet, () => this.#other.#onPacket(at, packet));
  }

  #onPacket(at: number, packet: Uint8Array): void {
    if (this.#broken || at < this.#taken || this.#early.has(at)) return;
    this.#early.set(at, packet);
    for (;;) {
      const next = this.#early.get(this.#taken);
      if (next === undefined || next.length === 0) break;
      this.#early.delete(this.#taken);
      this.#taken += next.length;
      this.#other.#inFlightBytes -= next.length;
      this.#decoder.push(next);
    }
    for (let frame = this.#decoder.next(); frame !== undefined; frame = this.#decoder.next()) {
      this.#inbox.push(frame);
    }
    if (this.#decoder.violation !== undefined) return this.abort();
    this.#noteEnd();
    this.#other.#pump();
  }

  #onClose(end: number): void {
    if (this.#broken) return;
    this.#end = end;
    this.#noteEnd();
  }

  #noteEnd(): void {
    if (this.#end !== this.#taken || this.#readAll) return;
    this.#readAll = true;
    this.#inbox.end();
    this.#other.#finish();
  }

  /** All that this end sent has arrived. */
  #finish(): void {
    if (this.#broken || this.#finished) return;
    this.#finished = true;
    this.#room.changed();
    if (!this.#isOver()) return;
    this.#onEnded(this);
    this.#other.#onEnded(this.#other);
  }

  #isOver(): boolean {
    return this.#broken || (this.#finished && this.#other.#finished);
  }

  /** Not read means not received; only what is closed and left by its reader takes everything, to nowhere. */
  #takes(): boolean {
    if (this.#broken) return true;
    if (this.#inbox.reader === "left") return this.closed;
    return this.#inbox.unreadBytes < UNREAD_BYTES_MAX;
  }
}
