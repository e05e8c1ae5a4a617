/**
 * A plain gRPC client over node:http2: bytes in, bytes out, no retries, no balancing. A test must know what was sent and what
 * became of it, which is what libraries are there to hide.
 */
import { constants, connect, type ClientHttp2Session, type ClientHttp2Stream } from "node:http2";

/** How a call failed. */
export class CallFailure extends Error {
  override readonly name = "CallFailure";
  /** Of gRPC. */
  readonly code: number;
  /** False where nothing can have reached the server. */
  readonly isSent: boolean;

  constructor({ code, message, isSent }: { code: number; message: string; isSent: boolean }) {
    super(message);
    this.code = code;
    this.isSent = isSent;
  }
}

export interface CallOptions {
  readonly deadlineMs?: number;
  readonly metadata?: Readonly<Record<string, string>>;
}

export interface RawStream {
  send(message: Uint8Array): void;
  /** That no more will be sent. */
  end(): void;
  /** Messages as they come; the iteration ends when the call ends well, and throws `CallFailure` where it does not. */
  readonly messages: AsyncIterable<Uint8Array>;
  cancel(): void;
}

const DEADLINE_EXCEEDED = 4;
const INTERNAL = 13;
const UNAVAILABLE = 14;
const CANCELLED = 1;

/** One connection, made when it is needed and made again when it was lost. */
export class GrpcChannel implements Disposable {
  readonly address: string;
  readonly #metadata: Readonly<Record<string, string>>;
  #session: ClientHttp2Session | undefined;

  constructor(address: string, metadata: Readonly<Record<string, string>> = {}) {
    this.address = address;
    this.#metadata = metadata;
  }

  async unary(path: string, request: Uint8Array, options: CallOptions = {}): Promise<Uint8Array> {
    const stream = this.#open(path, options);
    stream.send(request);
    stream.end();
    let answer: Uint8Array | undefined;
    for await (const message of stream.messages) answer = message;
    if (answer === undefined) {
      throw new CallFailure({ code: INTERNAL, message: "there is no answer", isSent: true });
    }
    return answer;
  }

  stream(path: string, options: CallOptions = {}): RawStream {
    return this.#open(path, options);
  }

  close(): void {
    this.#session?.destroy();
    this.#session = undefined;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #open(path: string, { deadlineMs, metadata = {} }: CallOptions): Call {
    const session = this.#connected();
    return new Call(session, {
      headers: {
        ":method": "POST",
        ":path": path,
        "content-type": "application/grpc",
        te: "trailers",
        ...(deadlineMs === undefined ? {} : { "grpc-timeout": `${Math.ceil(deadlineMs * 1000)}u` }),
        ...this.#metadata,
        ...metadata,
      },
      deadlineMs,
    });
  }

  #connected(): ClientHttp2Session {
    const current = this.#session;
    if (current !== undefined && !current.closed && !current.destroyed) return current;
    const session = connect(`http://${this.address}`);
    const forget = (): void => {
      if (this.#session === session) this.#session = undefined;
    };
    // A stream of the session tells what went wrong.
    session.on("error", forget);
    session.on("close", forget);
    session.on("goaway", forget);
    this.#session = session;
    return session;
  }
}

class Call implements RawStream {
  readonly messages: AsyncIterable<Uint8Array>;
  readonly #session: ClientHttp2Session;
  readonly #stream: ClientHttp2Stream;
  readonly #received: Uint8Array[] = [];
  readonly #timer: NodeJS.Timeout | undefined;
  #partial: Buffer = Buffer.alloc(0);
  #wake = (): void => undefined;
  #outcome: CallFailure | "well" | undefined;
  #wasConnected: boolean;
  #isReadToEnd = false;
  #isOk = false;

  constructor(
    session: ClientHttp2Session,
    { headers, deadlineMs }: { headers: Record<string, string>; deadlineMs: number | undefined },
  ) {
    this.#session = session;
    this.#wasConnected = !session.connecting;
    if (session.connecting) session.once("connect", () => (this.#wasConnected = true));
    const stream = session.request(headers, { endStream: false });
    this.#stream = stream;
    stream.on("response", (fields) => this.#endWith(fields));
    stream.on("trailers", (fields) => this.#endWith(fields));
    stream.on("data", (chunk: Buffer) => this.#take(chunk));
    stream.on("end", () => {
      this.#isReadToEnd = true;
      this.#maybeEndWell();
    });
    stream.on("error", (error) => this.#fail(UNAVAILABLE, error.message));
    stream.on("close", () => {
      if (this.#isOk) this.#finish("well");
      else this.#fail(UNAVAILABLE, "the stream was closed");
    });
    this.messages = this.#iterate();
    if (deadlineMs !== undefined) {
      this.#timer = setTimeout(() => this.#fail(DEADLINE_EXCEEDED, "context deadline exceeded"), deadlineMs);
    }
  }

  send(message: Uint8Array): void {
    if (this.#stream.destroyed || this.#stream.writableEnded) return;
    const frame = Buffer.alloc(5 + message.length);
    frame.writeUInt32BE(message.length, 1);
    frame.set(message, 5);
    this.#stream.write(frame);
  }

  end(): void {
    if (!this.#stream.destroyed) this.#stream.end();
  }

  cancel(): void {
    this.#fail(CANCELLED, "cancelled");
  }

  async *#iterate(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        const message = this.#received.shift();
        if (message !== undefined) yield message;
        else if (this.#outcome === "well") return;
        else if (this.#outcome !== undefined) throw this.#outcome;
        else await new Promise<void>((resolve) => (this.#wake = resolve));
      }
    } finally {
      this.cancel();
    }
  }

  #take(chunk: Buffer): void {
    this.#partial = this.#partial.length === 0 ? chunk : Buffer.concat([this.#partial, chunk]);
    while (this.#partial.length >= 5) {
      const end = 5 + this.#partial.readUInt32BE(1);
      if (this.#partial.length < end) break;
      this.#received.push(this.#partial.subarray(5, end));
      this.#partial = this.#partial.subarray(end);
    }
    this.#wake();
  }

  /** Headers of an answer, or what comes after it: both may say how the call ended. */
  #endWith(fields: Record<string, string | string[] | number | undefined>): void {
    const status = fields["grpc-status"];
    if (status === undefined) return;
    if (Number(status) !== 0) {
      this.#fail(Number(status), decodeMessage(String(fields["grpc-message"] ?? "")));
      return;
    }
    this.#isOk = true;
    this.#maybeEndWell();
  }

  /** The status may be told before the last message is. */
  #maybeEndWell(): void {
    if (this.#isOk && this.#isReadToEnd) this.#finish("well");
  }

  #fail(code: number, message: string): void {
    if (this.#outcome !== undefined) return;
    this.#finish(new CallFailure({ code, message, isSent: this.#wasConnected }));
    if (!this.#stream.destroyed) this.#stream.close(constants.NGHTTP2_CANCEL);
    // Whatever waits in a connection that is being made is sent when it is there: better that it never is.
    if (!this.#wasConnected) this.#session.destroy();
  }

  #finish(outcome: CallFailure | "well"): void {
    if (this.#outcome !== undefined) return;
    this.#outcome = outcome;
    clearTimeout(this.#timer);
    this.#wake();
  }
}

/** gRPC percent-encodes what is not ASCII. */
function decodeMessage(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
