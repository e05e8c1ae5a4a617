/**
 * One connection, of either side: packets in and out of a socket. What is sent in a turn of the event loop leaves in one write. A
 * side that has heard nothing for a while asks whether the other is there, and a connection on which nothing comes for long is over.
 */
import type { Socket } from "node:net";
import { LatticeError } from "@lattice/model";
import { PackWriter, type MemberId } from "@lattice/raft";
import { FrameReader, HEADER_BYTES, sealFrame } from "./frame.ts";
import { FRAME_BYTES_MAX, PING_AFTER_MS, QUEUED_BYTES_MAX, SILENT_MS_MAX } from "./limits.ts";
import { readPacket, writePacket, type Packet } from "./packet.ts";

export interface ConnectionOptions {
  readonly socket: Socket;
  /** Who speaks on the other side, and who on this one: as far as that is known. */
  readonly between: () => { readonly from: MemberId; readonly to: MemberId };
  /** Of what comes, as of now. */
  readonly bytesMax: () => number;
  /** Pings and pongs are seen to here. What it throws ends the connection. */
  readonly received: (packet: Packet) => void;
  /** Once. `error` is undefined where the other side just left. */
  readonly closed: (error: Error | undefined) => void;
}

export class Connection {
  readonly #options: ConnectionOptions;
  readonly #socket: Socket;
  readonly #out = new PackWriter();
  readonly #in: FrameReader;
  #flushing: NodeJS.Immediate | undefined;
  #heardAtMs = performance.now();
  #isClosed = false;
  #error: Error | undefined;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#socket = options.socket;
    this.#in = new FrameReader(options.bytesMax);
    const { socket } = options;
    socket.setNoDelay(true);
    socket.setKeepAlive(true, PING_AFTER_MS);
    socket.on("data", (piece: Buffer) => this.#read(piece));
    socket.on("error", (error) => (this.#error ??= error));
    socket.on("close", () => this.#close());
  }

  /** False where too much waits already, or it is closed: nothing is sent then. Throws `too-large`, and what writers of packets do. */
  send(packet: Packet): boolean {
    if (this.#isClosed || this.#out.length + this.#socket.writableLength > QUEUED_BYTES_MAX) return false;
    const out = this.#out;
    const start = out.skip(HEADER_BYTES);
    try {
      writePacket(out, packet);
      if (out.length - start - HEADER_BYTES > FRAME_BYTES_MAX) {
        throw new LatticeError("too-large", `a packet has at most ${FRAME_BYTES_MAX} bytes`);
      }
    } catch (error) {
      out.truncate(start);
      throw error;
    }
    sealFrame(out.written as Buffer, start);
    this.#flushing ??= setImmediate(() => this.flush());
    return true;
  }

  flush(): void {
    if (this.#flushing === undefined) return;
    clearImmediate(this.#flushing);
    this.#flushing = undefined;
    if (this.#isClosed) return;
    // Memory of its own: the socket may hold on to it.
    this.#socket.write(Buffer.from(this.#out.written));
    this.#out.clear();
  }

  /** To be called every second or so. */
  beat(nowMs: number): void {
    const silentMs = nowMs - this.#heardAtMs;
    if (silentMs > SILENT_MS_MAX) this.destroy(new LatticeError("timeout", "nothing came for too long"));
    else if (silentMs > PING_AFTER_MS) this.send({ kind: "ping" });
  }

  /** What was sent still goes out. */
  end(): void {
    this.flush();
    this.#socket.end();
    // Whoever is not there any more does not answer.
    setTimeout(() => this.#socket.destroy(), PING_AFTER_MS).unref();
  }

  destroy(error?: Error): void {
    this.#error ??= error;
    this.#socket.destroy();
    this.#close();
  }

  #read(piece: Buffer): void {
    this.#heardAtMs = performance.now();
    try {
      for (const payload of this.#in.read(piece)) {
        this.#received(readPacket(payload, this.#options.between()));
        if (this.#isClosed) return;
      }
    } catch (error) {
      this.destroy(LatticeError.from(error));
    }
  }

  #received(packet: Packet): void {
    if (packet.kind === "ping") this.send({ kind: "pong" });
    else if (packet.kind !== "pong") this.#options.received(packet);
  }

  #close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearImmediate(this.#flushing);
    this.#flushing = undefined;
    this.#options.closed(this.#error);
  }
}
