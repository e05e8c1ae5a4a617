/**
 * What a gRPC server gives its handlers and takes from them: bytes of messages in, bytes of messages out, without the
 * five-byte frame. How they are encoded is the handlers' business.
 */

/** Names in lower case. Of a name that was sent several times, the first; binary values ("-bin") as they were sent. */
export interface Metadata {
  get(name: string): string | undefined;
}

export interface CallContext {
  /** "/package.Service/Method" */
  readonly path: string;
  readonly metadata: Metadata;
  /** `performance.now()` at which the client gives up; undefined where it waits for ever. The front ends the call then. */
  readonly deadlineMs: number | undefined;
  /** "127.0.0.1:4321" */
  readonly remote: string;
  /** Of the client's certificate, where it showed one that was verified. */
  readonly commonName: string | undefined;
  /** Aborted when the call is over before its handler is: cancelled, past its deadline, its connection gone, or the server closing. Made when first asked for. */
  readonly signal: AbortSignal;
}

/**
 * May answer at once, which is what a hot path does. The request's bytes may be kept; the answer's are not copied, so leave them
 * as they are. Throws `GrpcError`; anything else becomes INTERNAL or, of a `LatticeError`, what its code stands for.
 */
export type UnaryHandler = (request: Uint8Array, call: CallContext) => Uint8Array | Promise<Uint8Array>;

export interface StreamCall extends CallContext {
  /** What the client sends, until it has said that it will send no more. Not read, it is not asked for: flow control holds the client back. */
  readonly requests: AsyncIterable<Uint8Array>;
  /** Queues a message, which is not copied: leave it as it is. Answers false where more is waiting than the client takes; then wait for `drained` before going on. */
  send(message: Uint8Array): boolean;
  /** Resolves when there is room again, or when the call is over. */
  drained(): Promise<void>;
}

/** The call ends well when this resolves, and with the error's status when it rejects. */
export type StreamHandler = (call: StreamCall) => Promise<void>;

export type Method =
  | { readonly kind: "unary"; readonly handle: UnaryHandler }
  | { readonly kind: "stream"; readonly handle: StreamHandler };

export interface TlsOptions {
  /** PEM. */
  readonly key: string | Uint8Array;
  readonly cert: string | Uint8Array;
  /** Of those who sign client certificates; with it, a client without a certificate of theirs is refused. */
  readonly clientCa?: string | Uint8Array;
}

export interface GrpcFrontOptions {
  /** By path. An unknown path gets UNIMPLEMENTED. */
  readonly methods: ReadonlyMap<string, Method>;
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  readonly tls?: TlsOptions;
  /** Of one request message; a larger one gets RESOURCE_EXHAUSTED with grpc-go's text. */
  readonly requestBytesMax?: number;
}

export interface GrpcFront extends AsyncDisposable {
  readonly port: number;
  /** Takes no more calls, tells clients so (GOAWAY), gives those under way `graceMs` to end, then cuts them. May be called twice. */
  close(options?: { readonly graceMs?: number }): Promise<void>;
}

/** `openNativeFront` is over node:http2, `openFront` over an HTTP/2 of our own; one suite holds both to this. */
export type OpenFront = (options: GrpcFrontOptions) => Promise<GrpcFront>;
