/** gRPC's own client, with bytes for messages. */
import grpc from "@grpc/grpc-js";

export interface Outcome {
  readonly code: number;
  readonly message: string;
  readonly response: Buffer | undefined;
}

export type ByteStream = grpc.ClientDuplexStream<Uint8Array, Buffer>;

const asBytes = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

export class GrpcClient implements Disposable {
  readonly #client: grpc.Client;

  constructor(port: number, credentials = grpc.credentials.createInsecure(), host = "127.0.0.1") {
    this.#client = new grpc.Client(`${host}:${port}`, credentials, {
      "grpc.max_receive_message_length": -1,
      "grpc.max_send_message_length": -1,
      // Each client its own connection, as programs of different people have.
      "grpc.use_local_subchannel_pool": 1,
    });
  }

  unary(
    path: string,
    request: Uint8Array = new Uint8Array(0),
    options: grpc.CallOptions & {
      readonly metadata?: Readonly<Record<string, string>>;
      readonly signal?: AbortSignal;
    } = {},
  ): Promise<Outcome> {
    const { signal, metadata = {}, ...others } = options;
    const headers = new grpc.Metadata();
    for (const [name, value] of Object.entries(metadata)) {
      headers.set(name, name.endsWith("-bin") ? Buffer.from(value) : value);
    }
    return new Promise((resolve) => {
      const call = this.#client.makeUnaryRequest(
        path,
        asBytes,
        asBytes,
        request,
        headers,
        others,
        (error, response) => resolve({ code: error?.code ?? 0, message: error?.details ?? "", response }),
      );
      signal?.addEventListener("abort", () => call.cancel());
    });
  }

  stream(path: string, options: grpc.CallOptions = {}): ByteStream {
    const stream = this.#client.makeBidiStreamRequest(path, asBytes, asBytes, options);
    // Its status is what tests ask for.
    stream.on("error", () => {});
    return stream;
  }

  [Symbol.dispose](): void {
    this.#client.close();
  }
}

/** What came until the end, and the end. */
export async function readAll(stream: ByteStream): Promise<Outcome & { readonly messages: Buffer[] }> {
  const messages: Buffer[] = [];
  stream.on("data", (message: Buffer) => messages.push(message));
  const { code, message } = await statusOf(stream);
  return { code, message, response: undefined, messages };
}

export function statusOf(stream: ByteStream): Promise<{ readonly code: number; readonly message: string }> {
  return new Promise((resolve) => {
    stream.on("status", ({ code, details }) => resolve({ code, message: details }));
  });
}
