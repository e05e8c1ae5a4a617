/** Any server that speaks gRPC, as bytes or as etcd's messages. */
import {
  credentials,
  makeGenericClientConstructor,
  Metadata,
  status,
  type ChannelCredentials,
  type ClientDuplexStream,
} from "@grpc/grpc-js";
import { etcdserverpb } from "@lattice/etcd-proto";
import type { MethodInfo, ServiceType } from "@protobuf-ts/runtime-rpc";
import type { TranscriptSubject } from "./transcript.ts";

type Fields = Readonly<Record<string, string>>;

export class GrpcClient implements TranscriptSubject {
  readonly #client: InstanceType<ReturnType<typeof makeGenericClientConstructor>>;

  constructor(address: string, channel: ChannelCredentials = credentials.createInsecure()) {
    this.#client = new (makeGenericClientConstructor({}, "any"))(address, channel);
  }

  call(path: string, request: Uint8Array, token: string | undefined): Promise<Uint8Array> {
    return this.send(path, request, token === undefined ? {} : { token });
  }

  send(path: string, request: Uint8Array, fields: Fields): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      const asIs = (bytes: Buffer): Buffer => bytes;
      this.#client.makeUnaryRequest(path, toBuffer, asIs, request, metadataOf(fields), (error, response) => {
        if (error !== null) reject(error);
        else resolve(response!);
      });
    });
  }

  /** One of etcd's methods by its service and name; the request as in its JSON, but for byte strings. */
  async ask<R extends object>(
    service: ServiceType,
    name: string,
    request: object,
    fields: Fields = {},
  ): Promise<R> {
    const method = methodOf(service, name);
    const bytes = method.I.toBinary(method.I.create(request));
    return method.O.fromBinary(await this.send(`/${service.typeName}/${name}`, bytes, fields)) as R;
  }

  stream(path: string, fields: Fields): ClientDuplexStream<Uint8Array, Buffer> {
    return this.#client.makeBidiStreamRequest(path, toBuffer, (bytes: Buffer) => bytes, metadataOf(fields));
  }

  /** What comes first on a stream on which this is sent. */
  async firstOf(path: string, request: Uint8Array, fields: Fields): Promise<Uint8Array> {
    const stream = this.stream(path, fields);
    stream.write(request);
    try {
      for await (const bytes of stream) return bytes as Buffer;
      throw new Error("the stream is over");
    } finally {
      stream.on("error", () => {});
      stream.cancel();
    }
  }

  /** Until there is a leader, whatever else it may answer. */
  async untilServing(): Promise<void> {
    for (;;) {
      try {
        await this.ask(etcdserverpb.KV, "Range", { key: Buffer.from("x") });
        return;
      } catch (error) {
        if (!(error instanceof Error) || !("code" in error) || error.code !== status.UNAVAILABLE) return;
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
  }

  close(): void {
    this.#client.close();
  }
}

function methodOf(service: ServiceType, name: string): MethodInfo {
  const method = service.methods.find((candidate) => candidate.name === name);
  if (method === undefined) throw new Error(`${service.typeName} has no ${name}`);
  return method;
}

function metadataOf(fields: Fields): Metadata {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(fields)) metadata.set(name, value);
  return metadata;
}

function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes);
}
