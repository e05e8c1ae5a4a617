/** A client that sends what it is told, byte by byte, and keeps all that it gets. */
import { connect, type Socket } from "node:net";
import {
  ACK,
  answerOf,
  frame,
  PREFACE,
  RawFrames,
  Type,
  type Bytes,
  type RawAnswer,
  type RawFrame,
} from "./raw-frames.ts";

export class RawClient implements AsyncDisposable {
  readonly #socket: Socket;
  readonly #parser = new RawFrames();
  readonly frames: RawFrame[] = [];
  readonly #waiting = new Set<() => void>();
  #failed: Error | undefined;
  isClosed = false;
  readonly closed: Promise<void>;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on("data", (chunk: Buffer) => this.#receive(chunk));
    socket.on("error", () => {});
    this.closed = new Promise((resolve) => {
      socket.on("close", () => {
        this.isClosed = true;
        this.#changed();
        resolve();
      });
    });
  }

  /** Without a word. */
  static async connect(port: number): Promise<RawClient> {
    const socket = connect(port, "127.0.0.1");
    await new Promise<void>((resolve, reject) => {
      socket.once("connect", resolve);
      socket.once("error", reject);
    });
    return new RawClient(socket);
  }

  /** Having said hello, with `settings` in it, and heard it. */
  static async hello(port: number, settings: Bytes = []): Promise<RawClient> {
    const client = await RawClient.connect(port);
    client.send(PREFACE, frame(Type.SETTINGS, 0, 0, settings), frame(Type.SETTINGS, ACK, 0));
    await client.until(() =>
      client.frames.some(({ type, flags }) => type === Type.SETTINGS && flags === ACK),
    );
    return client;
  }

  get localAddress(): string {
    return `${this.#socket.localAddress}:${this.#socket.localPort}`;
  }

  /** In one write. */
  send(...pieces: readonly Uint8Array[]): void {
    this.#socket.write(Buffer.concat(pieces));
  }

  /** Reads no more, so that the server's writes pile up. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Waits for frames, or the end, until it holds. Rejects when the connection is closed and it does not. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) {
      if (this.#failed) throw this.#failed;
      if (this.isClosed) throw new Error("the connection was closed");
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  async frame(type: number, holds: (frame: RawFrame) => boolean = () => true): Promise<RawFrame> {
    const find = () => this.frames.find((each) => each.type === type && holds(each));
    await this.until(() => find() !== undefined);
    return find()!;
  }

  /** All of it: up to the end of the stream, or its reset. */
  async answer(streamId: number): Promise<RawAnswer> {
    const now = () => answerOf(this.frames, streamId);
    await this.until(() => now().hasEnded || now().reset !== undefined);
    return now();
  }

  soFar(streamId: number): RawAnswer {
    return answerOf(this.frames, streamId);
  }

  /** The code and text of GOAWAY, when the connection is closed after it. */
  async goodbye(): Promise<{ readonly code: number; readonly lastStreamId: number; readonly text: string }> {
    await this.closed;
    const found = this.frames.findLast(({ type }) => type === Type.GOAWAY);
    if (!found) throw new Error("closed without GOAWAY");
    return {
      lastStreamId: found.payload.readUInt32BE(0),
      code: found.payload.readUInt32BE(4),
      text: found.payload.toString("utf8", 8),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.destroy();
    await this.closed;
  }

  #receive(chunk: Buffer): void {
    try {
      this.frames.push(...this.#parser.read(chunk));
    } catch (error) {
      this.#failed = error as Error;
    }
    this.#changed();
  }

  #changed(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const wake of waiting) wake();
  }
}
