/** One watch of all keys on a stream of its own. */
import type { ClientDuplexStream } from "@grpc/grpc-js";
import { etcdserverpb } from "@lattice/etcd-proto";
import type { RunningSeat } from "./members.ts";
import { until } from "./members.ts";

const { WatchCreateRequest, WatchRequest, WatchResponse } = etcdserverpb;

export class Watching implements Disposable {
  readonly responses: etcdserverpb.WatchResponse[] = [];
  readonly #stream: ClientDuplexStream<Uint8Array, Buffer>;
  /** Code and text of the error that it ended with. */
  ending: string | undefined;

  constructor({ client }: RunningSeat, fields: Readonly<Record<string, string>> = {}) {
    this.#stream = client.stream("/etcdserverpb.Watch/Watch", fields);
    this.#stream.on("data", (bytes: Buffer) => this.responses.push(WatchResponse.fromBinary(bytes)));
    this.#stream.on("error", (error: Error & { code: number; details: string }) => {
      this.ending = `${error.code} ${error.details}`;
    });
  }

  create(request: Parameters<typeof WatchCreateRequest.create>[0] = {}): this {
    const createRequest = WatchCreateRequest.create({ rangeEnd: Buffer.from([0]), ...request });
    this.#send({ oneofKind: "createRequest", createRequest });
    return this;
  }

  cancel(watchId: bigint): void {
    this.#send({ oneofKind: "cancelRequest", cancelRequest: { watchId } });
  }

  progress(): void {
    this.#send({ oneofKind: "progressRequest", progressRequest: {} });
  }

  /** "revision key=value" of all events so far. */
  get events(): string[] {
    return this.responses.flatMap(({ events }) =>
      events.map(({ kv }) => `${Buffer.from(kv!.key).toString()}=${Buffer.from(kv!.value).toString()}`),
    );
  }

  async untilEvents(count: number): Promise<string[]> {
    await until(() => this.events.length >= count || undefined);
    return this.events;
  }

  async untilCreated(): Promise<this> {
    await until(() => this.responses.some(({ created }) => created) || undefined);
    return this;
  }

  [Symbol.dispose](): void {
    this.#stream.cancel();
  }

  #send(requestUnion: etcdserverpb.WatchRequest["requestUnion"]): void {
    this.#stream.write(WatchRequest.toBinary({ requestUnion }));
  }
}
