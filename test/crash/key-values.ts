/** The methods of a key-value store on a node, which says itself what their messages look like. */
import { messageTypesOf } from "../../packages/api/src/index.ts";
import type { CrashNode } from "./crash-node.ts";
import type { Change } from "./writer.ts";

interface Codec {
  readonly encode: (request: object) => Uint8Array;
  readonly decode: (reply: Uint8Array) => object;
}

interface Entry {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

export class KeyValues {
  readonly node: CrashNode;
  /** In hex. */
  readonly store: string;
  readonly #codecs: ReadonlyMap<string, Codec>;

  private constructor(node: CrashNode, store: string, codecs: ReadonlyMap<string, Codec>) {
    this.node = node;
    this.store = store;
    this.#codecs = codecs;
  }

  static async of(node: CrashNode, store: string): Promise<KeyValues> {
    const { descriptors, service } = await node.answer("describe", (client, signal) =>
      client.dynamic.describe({ store }, { signal }),
    );
    const { methods } = messageTypesOf(descriptors).service(service);
    const codecs = methods.map(({ name, I: request, O: reply }): [string, Codec] => [
      name,
      {
        encode: (message) => request.toBinary(request.create(message)),
        decode: (bytes) => reply.fromBinary(bytes),
      },
    ]);
    return new KeyValues(node, store, new Map(codecs));
  }

  /** The hash of the intention. */
  async write(change: Change): Promise<Uint8Array> {
    const writes = [...change].map(([key, value]) => ({
      key: bytes(key),
      value: bytes(value ?? ""),
      delete: value === undefined,
    }));
    const [first] = writes;
    const isPut = writes.length === 1 && first?.delete === false;
    const { hash } = (await (isPut ? this.#call("Put", first) : this.#call("Batch", { writes }))) as {
      hash: Uint8Array;
    };
    return hash;
  }

  async all(): Promise<Map<string, string>> {
    const found = new Map<string, string>();
    let cursor: Uint8Array = new Uint8Array(0);
    do {
      const { entries, next } = (await this.#call("List", { cursor })) as {
        entries: readonly Entry[];
        next: Uint8Array;
      };
      for (const { key, value } of entries) found.set(text(key), text(value));
      cursor = next;
    } while (cursor.length > 0);
    return found;
  }

  async #call(method: string, request: object): Promise<object> {
    const { store } = this;
    const codec = this.#codecs.get(method)!;
    const reply = await this.node.answer(method, (client, signal) =>
      client.dynamic.call({ store, method, message: codec.encode(request) }, { signal }),
    );
    return codec.decode(reply.message);
  }
}

function bytes(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

function text(value: Uint8Array): string {
  return new TextDecoder().decode(value);
}
