/** One watch on a stream of its own. */
import type { ClientDuplexStream } from "@grpc/grpc-js";
import { etcdserverpb } from "@lattice/etcd-proto";
import type { GrpcClient } from "../etcd/grpc-client.ts";

const { WatchCreateRequest, WatchRequest, WatchResponse } = etcdserverpb;

export class WatchCall implements Disposable {
  readonly #stream: ClientDuplexStream<Uint8Array, Buffer>;
  readonly #responses: AsyncIterator<Buffer>;
  readonly #events: string[] = [];
  #isCreated = false;
  #ending: string | undefined;

  constructor(client: GrpcClient, token: string | undefined) {
    this.#stream = client.stream("/etcdserverpb.Watch/Watch", token === undefined ? {} : { token });
    this.#stream.on("error", () => {});
    this.#responses = this.#stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  }

  create(request: Parameters<typeof WatchCreateRequest.create>[0]): void {
    const createRequest = WatchCreateRequest.create(request);
    this.#stream.write(
      WatchRequest.toBinary({ requestUnion: { oneofKind: "createRequest", createRequest } }),
    );
  }

  async created(): Promise<void> {
    while (!this.#isCreated) await this.#read();
    if (this.#ending !== undefined) throw new Error(`refused: ${this.#ending}`);
  }

  /** The key of the next event. */
  async event(): Promise<string> {
    while (this.#events.length === 0) {
      if (this.#ending !== undefined) throw new Error(`over: ${this.#ending}`);
      await this.#read();
    }
    return this.#events.shift()!;
  }

  eventsLeft(): readonly string[] {
    return this.#events;
  }

  /** Id and reason with which the server ends it. */
  async ending(): Promise<string> {
    while (this.#ending === undefined) await this.#read();
    return this.#ending;
  }

  [Symbol.dispose](): void {
    this.#stream.cancel();
  }

  async #read(): Promise<void> {
    const { value, done } = await this.#responses.next();
    if (done === true) throw new Error("the stream is over");
    const { watchId, created, canceled, cancelReason, events } = WatchResponse.fromBinary(value);
    this.#isCreated ||= created;
    if (canceled) this.#ending = `${watchId} ${cancelReason}`;
    this.#events.push(...events.map(({ kv }) => Buffer.from(kv!.key).toString()));
  }
}
