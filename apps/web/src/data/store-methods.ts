/** The methods of a store's type, from the descriptors that its node gives: nothing here knows any type by name. */
import type { IMessageType } from "@protobuf-ts/runtime";
import type { LatticeClient } from "@lattice/api/calling";
import { messageTypesOf } from "@lattice/api/reflecting";
import { LatticeError } from "@lattice/model/errors";
import { daemon } from "@lattice/proto";

export type Message = Record<string, unknown>;
export type MessageType = IMessageType<Message>;

export interface StoreMethod {
  readonly name: string;
  readonly kind: "command" | "query" | "stream";
  readonly summary: string;
  readonly request: MessageType;
  readonly reply: MessageType;
}

export interface StoreMethods {
  /** Full name of the service. */
  readonly service: string;
  readonly byName: ReadonlyMap<string, StoreMethod>;
  /** Of `name`; fails as the node does where there is no such method. */
  call<Reply>(name: string, request: object, options?: { readonly signal?: AbortSignal }): Promise<Reply>;
  subscribe<Event>(
    name: string,
    request: object,
    options?: { readonly signal?: AbortSignal },
  ): AsyncIterable<Event>;
}

const KINDS = {
  [daemon.Method_Kind.UNSPECIFIED]: "query",
  [daemon.Method_Kind.COMMAND]: "command",
  [daemon.Method_Kind.QUERY]: "query",
  [daemon.Method_Kind.STREAM]: "stream",
} as const;

export async function describeMethods(
  client: LatticeClient,
  store: string,
  signal: AbortSignal,
): Promise<StoreMethods> {
  const description = await client.dynamic.describe({ store }, { signal });
  const service = messageTypesOf(description.descriptors).service(description.service);
  const byName = new Map<string, StoreMethod>();
  for (const { name, kind, summary } of description.methods) {
    const info = service.methods.find((method) => method.name === name);
    if (info === undefined) {
      throw new LatticeError(
        "internal",
        `the node names ${description.service}.${name}, and does not describe it`,
      );
    }
    byName.set(name, { name, kind: KINDS[kind] ?? "query", summary, request: info.I, reply: info.O });
  }
  return callable(client, store, { service: description.service, byName });
}

function callable(
  client: LatticeClient,
  store: string,
  { service, byName }: Pick<StoreMethods, "service" | "byName">,
): StoreMethods {
  const methodOf = (name: string): StoreMethod => {
    const method = byName.get(name);
    if (method === undefined) throw new LatticeError("unimplemented", `${service} has no method ${name}`);
    return method;
  };
  const encode = ({ request }: StoreMethod, message: object): Uint8Array =>
    request.toBinary(request.create(message as Message));
  return {
    service,
    byName,
    call: async (name, request, options) => {
      const method = methodOf(name);
      const reply = await client.dynamic.call(
        { store, method: name, message: encode(method, request) },
        options,
      );
      return method.reply.fromBinary(reply.message) as never;
    },
    async *subscribe(name, request, options) {
      const method = methodOf(name);
      const call = { store, method: name, message: encode(method, request) };
      for await (const { message } of client.dynamic.subscribe(call, options)) {
        yield method.reply.fromBinary(message) as never;
      }
    },
  };
}
