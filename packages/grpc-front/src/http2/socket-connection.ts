/**
 * A connection on its socket: what is said in one turn of the event loop leaves in one write, and a client that takes nothing
 * is not read from, so that what it asks for does not pile up here.
 */
import type { Socket } from "node:net";
import type { Status } from "../status.ts";
import type { FrameWriter } from "./frame-writer.ts";
import { Http2Connection, type Http2ConnectionOptions } from "./http2-connection.ts";
import { BACKLOG_BYTES_MAX, LINGER_MS, STALL_TIMEOUT_MS } from "./limits.ts";

export interface SocketConnectionOptions extends Omit<Http2ConnectionOptions, "onOutput"> {
  /** Calls `flush` soon. */
  readonly schedule: (connection: SocketConnection) => void;
}

export class SocketConnection {
  readonly #socket: Socket;
  readonly #connection: Http2Connection;
  readonly #options: SocketConnectionOptions;
  /** Since when the client takes nothing. */
  #stalledMs: number | undefined;
  #endedMs: number | undefined;
  /** Whether whoever calls `flush` has it on a list. */
  isDirty = false;

  constructor(socket: Socket, options: SocketConnectionOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#connection = new Http2Connection({ ...options, onOutput: () => options.schedule(this) });
    socket.setNoDelay(true);
    socket.on("data", (chunk: Buffer) => this.#connection.receive(chunk));
    socket.on("drain", () => this.#drained());
    // A client that will send no more is gone: its calls could not even be cancelled.
    socket.on("end", () => socket.destroy());
    socket.on("error", () => {});
    socket.on("close", () => this.#connection.drop());
  }

  get callCount(): number {
    return this.#connection.callCount;
  }

  leave(): void {
    this.#connection.leave();
  }

  cut(why: Status): void {
    this.#connection.cut(why);
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** Writes what there is. Answers whether there is more to be written in the next turn. */
  flush(writer: FrameWriter): boolean {
    if (this.#stalledMs !== undefined || this.#endedMs !== undefined) return false;
    if (!this.#tryWrite(writer)) return false;
    this.#write(writer.take());
    if (this.#socket.writableLength > BACKLOG_BYTES_MAX) this.#stall();
    else if (this.#connection.hasOutput) return true;
    else if (this.#connection.isFinished) this.#end();
    return false;
  }

  /** To be called from time to time. */
  look(): void {
    const nowMs = this.#options.now();
    const isStuck = this.#stalledMs !== undefined && nowMs - this.#stalledMs > STALL_TIMEOUT_MS;
    const hasLingered = this.#endedMs !== undefined && nowMs - this.#endedMs > LINGER_MS;
    if (isStuck || hasLingered || !this.#connection.look()) this.#socket.destroy();
  }

  /** What should not happen ends this connection, and no other. */
  #tryWrite(writer: FrameWriter): boolean {
    try {
      this.#connection.write(writer);
      return true;
    } catch (error) {
      writer.take();
      process.emitWarning(error instanceof Error ? error : String(error));
      this.#socket.destroy();
      return false;
    }
  }

  #write(pieces: readonly Buffer[]): void {
    if (pieces.length === 0) return;
    if (pieces.length > 1) this.#socket.cork();
    for (const piece of pieces) this.#socket.write(piece);
    if (pieces.length > 1) this.#socket.uncork();
  }

  #stall(): void {
    this.#stalledMs = this.#options.now();
    this.#socket.pause();
  }

  #drained(): void {
    if (this.#stalledMs === undefined) return;
    this.#stalledMs = undefined;
    this.#socket.resume();
    this.#options.schedule(this);
  }

  /** What still comes is read and not looked at, or the system would take back what the client has not read yet. */
  #end(): void {
    this.#endedMs = this.#options.now();
    this.#socket.end();
  }
}
