/** A connection without a socket, its client, and a clock that stands still until it is told. */
import type { Method } from "../src/index.ts";
import { ByteBudget } from "../src/http2/byte-budget.ts";
import { FrameWriter } from "../src/http2/frame-writer.ts";
import { Http2Connection } from "../src/http2/http2-connection.ts";
import { FRONT_BYTES_MAX } from "../src/http2/limits.ts";
import { Peer } from "../src/peer.ts";
import { Socket } from "node:net";
import {
  ACK,
  answerOf,
  callHeaders,
  data,
  frame,
  headers,
  message,
  PREFACE,
  RawFrames,
  Type,
  type Bytes,
  type RawAnswer,
  type RawFrame,
} from "./raw-frames.ts";
import { ECHO, unary } from "./suite/opened.ts";

export class CoreClient {
  nowMs = 1_000;
  readonly budget = new ByteBudget(FRONT_BYTES_MAX);
  readonly connection: Http2Connection;
  readonly frames: RawFrame[] = [];
  readonly #parser = new RawFrames();
  readonly #writer = new FrameWriter();
  /** Pieces of the last write. */
  pieces = 0;

  constructor(methods: Readonly<Record<string, Method>> = {}, { requestBytesMax = 4 << 20 } = {}) {
    this.connection = new Http2Connection({
      methods: new Map(Object.entries({ [ECHO]: unary((request) => request), ...methods })),
      requestBytesMax,
      peer: new Peer(new Socket()),
      budget: this.budget,
      now: () => this.nowMs,
      onOutput: () => {},
    });
  }

  /** Whose hello was heard. */
  static hello(methods: Readonly<Record<string, Method>> = {}, settings: Bytes = []): CoreClient {
    const client = new CoreClient(methods);
    client.send(PREFACE, frame(Type.SETTINGS, 0, 0, settings), frame(Type.SETTINGS, ACK, 0));
    client.write();
    client.frames.length = 0;
    return client;
  }

  /** In one piece, as the system would read it. */
  send(...pieces: readonly Uint8Array[]): void {
    this.connection.receive(Buffer.concat(pieces));
  }

  /** What the server has to say, until there is nothing more. Answers the frames that came with it. */
  write(): RawFrame[] {
    const before = this.frames.length;
    while (this.connection.hasOutput) this.writeOnce();
    return this.frames.slice(before);
  }

  /** As much as it says at once. */
  writeOnce(): void {
    this.connection.write(this.#writer);
    const pieces = this.#writer.take();
    this.pieces = pieces.length;
    for (const piece of pieces) this.frames.push(...this.#parser.read(piece));
  }

  answer(streamId: number): RawAnswer {
    this.write();
    return answerOf(this.frames, streamId);
  }

  /** The code of GOAWAY, where there is one. */
  get goodbye(): number | undefined {
    this.write();
    return this.frames.findLast(({ type }) => type === Type.GOAWAY)?.payload.readUInt32BE(4);
  }
}

export function call(streamId: number, payload: Bytes = Buffer.from("hi"), path = ECHO): Buffer {
  return Buffer.concat([
    headers(streamId, callHeaders(path)),
    data(streamId, message(payload), { isLast: true }),
  ]);
}
