/** A store type that exists only here, to show that any will do: its service, and what it answers. */
import { MessageType, ScalarType } from "@protobuf-ts/runtime";
import { ServiceType } from "@protobuf-ts/runtime-rpc";

const HELP = "lattice.options.v1.help";
const NAMED = "lattice.options.v1.named";
const BYTES = ScalarType.BYTES;
const UNPACKED = 2;
const BIGINT = 0;

type AnyType = MessageType<Record<string, unknown>>;
const message = (name: string, fields: ConstructorParameters<typeof MessageType>[1]): AnyType =>
  new MessageType(`example.shelf.v1.${name}`, fields);

export const Kind = { 0: "UNSPECIFIED", 1: "PUT", 2: "READY", UNSPECIFIED: 0, PUT: 1, READY: 2 };
const kindInfo = () => ["example.shelf.v1.ShelfEvent.Kind", Kind, "KIND_"] as [string, typeof Kind, string];

export const PutRequest = message("PutRequest", [
  { no: 1, name: "key", kind: "scalar", T: BYTES },
  { no: 2, name: "value", kind: "scalar", T: BYTES },
  {
    no: 3,
    name: "if",
    kind: "scalar",
    T: ScalarType.STRING,
    repeat: UNPACKED,
    options: { [NAMED]: true, [HELP]: "only where the heads are these" },
  },
]);
export const PutReply = message("PutReply", [{ no: 1, name: "hash", kind: "scalar", T: BYTES }]);
const VALUES = { "lattice.options.v1.values": "List prefix entries.key" };
const GetRequest = message("GetRequest", [{ no: 1, name: "key", kind: "scalar", T: BYTES, options: VALUES }]);
export const GetReply = message("GetReply", [
  { no: 1, name: "value", kind: "scalar", T: BYTES, opt: true },
  { no: 2, name: "conflicted", kind: "scalar", T: ScalarType.BOOL, options: { [HELP]: "see inspect" } },
]);
export const Entry = message("Entry", [
  { no: 1, name: "key", kind: "scalar", T: BYTES },
  { no: 2, name: "value", kind: "scalar", T: BYTES },
  { no: 3, name: "conflicted", kind: "scalar", T: ScalarType.BOOL },
]);
const ListRequest = message("ListRequest", [
  { no: 1, name: "prefix", kind: "scalar", T: BYTES },
  { no: 2, name: "limit", kind: "scalar", T: ScalarType.UINT32, options: { [NAMED]: true } },
  { no: 3, name: "reverse", kind: "scalar", T: ScalarType.BOOL, options: { [NAMED]: true } },
]);
export const ListReply = message("ListReply", [
  { no: 1, name: "entries", kind: "message", T: () => Entry, repeat: UNPACKED },
  { no: 2, name: "next", kind: "scalar", T: BYTES },
]);
export const CountReply = message("CountReply", [
  { no: 1, name: "count", kind: "scalar", T: ScalarType.UINT64, L: BIGINT },
]);
const Head = message("Head", [
  { no: 1, name: "hash", kind: "scalar", T: BYTES },
  { no: 2, name: "author", kind: "scalar", T: BYTES },
  { no: 3, name: "timestamp", kind: "scalar", T: ScalarType.UINT64, L: BIGINT },
  { no: 4, name: "value", kind: "scalar", T: BYTES, opt: true },
]);
const InspectReply = message("InspectReply", [
  { no: 1, name: "heads", kind: "message", T: () => Head, repeat: UNPACKED },
]);
export const ResolveRequest = message("ResolveRequest", [
  { no: 1, name: "key", kind: "scalar", T: BYTES },
  { no: 2, name: "head", kind: "scalar", T: ScalarType.STRING },
  { no: 3, name: "value", kind: "scalar", T: BYTES, opt: true, options: { [NAMED]: true } },
]);
export const ShelfEvent = message("ShelfEvent", [
  { no: 1, name: "kind", kind: "enum", T: kindInfo },
  { no: 2, name: "entry", kind: "message", T: () => Entry },
  { no: 3, name: "resume", kind: "scalar", T: BYTES },
]);

/** One field of every sort. */
export const Everything = message("Everything", [
  { no: 1, name: "name", kind: "scalar", T: ScalarType.STRING },
  { no: 2, name: "data", kind: "scalar", T: BYTES },
  { no: 3, name: "small_count", kind: "scalar", T: ScalarType.INT32 },
  { no: 4, name: "big", kind: "scalar", T: ScalarType.UINT64, L: BIGINT },
  { no: 5, name: "big_text", kind: "scalar", T: ScalarType.SINT64, L: 1 },
  { no: 6, name: "ratio", kind: "scalar", T: ScalarType.DOUBLE },
  { no: 7, name: "kind", kind: "enum", T: kindInfo },
  { no: 8, name: "on", kind: "scalar", T: ScalarType.BOOL },
  { no: 9, name: "maybe", kind: "scalar", T: ScalarType.STRING, opt: true, options: { [NAMED]: true } },
  { no: 10, name: "entry", kind: "message", T: () => Entry },
  { no: 11, name: "labels", kind: "map", K: ScalarType.STRING, V: { kind: "scalar", T: BYTES } },
  { no: 12, name: "left", kind: "scalar", T: ScalarType.STRING, oneof: "side" },
  { no: 13, name: "right", kind: "scalar", T: ScalarType.UINT32, oneof: "side" },
  { no: 14, name: "author", kind: "scalar", T: BYTES, options: { [NAMED]: true } },
  { no: 15, name: "words", kind: "scalar", T: ScalarType.STRING, repeat: UNPACKED },
  { no: 16, name: "entries", kind: "message", T: () => Entry, repeat: UNPACKED, options: { [NAMED]: true } },
]);
const Nothing = message("Nothing", []);

const summary = (text: string) => ({ "lattice.options.v1.summary": text });

export const Shelf = new ServiceType("example.shelf.v1.Shelf", [
  { name: "Put", I: PutRequest, O: PutReply, options: summary("Set a key to a value") },
  { name: "Get", I: GetRequest, O: GetReply, options: summary("The value of a key") },
  { name: "List", I: ListRequest, O: ListReply, options: summary("Keys and their values") },
  { name: "Count", I: Nothing, O: CountReply, options: summary("How many keys there are") },
  { name: "Inspect", I: GetRequest, O: InspectReply, options: summary("All heads of a key") },
  { name: "Resolve", I: ResolveRequest, O: PutReply, options: summary("End a conflict") },
  {
    name: "Watch",
    I: GetRequest,
    O: ShelfEvent,
    serverStreaming: true,
    options: summary("Changes of a key"),
  },
  { name: "TryEverything", I: Everything, O: Everything, options: summary("Gives back what it is given") },
  { name: "Hang", I: Nothing, O: Nothing, options: summary("Never answers") },
]);

export const COMMANDS: ReadonlySet<string> = new Set(["Put", "Resolve"]);

const AUTHOR = new Uint8Array(32).fill(0xaa);
const TIME = BigInt(Date.UTC(2026, 0, 2, 3, 4, 5)) << 16n;

/** What one store of this type holds, and its methods over it. */
export class ShelfState {
  readonly #values = new Map<string, Uint8Array>();
  #changed = Promise.withResolvers<void>();
  readonly #log: string[] = [];

  call(method: string, bytes: Uint8Array, signal: AbortSignal): Uint8Array | Promise<Uint8Array> {
    switch (method) {
      case "Put": {
        const { key, value } = PutRequest.fromBinary(bytes) as { key: Uint8Array; value: Uint8Array };
        this.#values.set(text(key), value);
        this.#log.push(text(key));
        this.#changed.resolve();
        this.#changed = Promise.withResolvers();
        return PutReply.toBinary({ hash: new Uint8Array(32).fill(7) });
      }
      case "Get": {
        const { key } = GetRequest.fromBinary(bytes) as { key: Uint8Array };
        const value = this.#values.get(text(key));
        return GetReply.toBinary(
          GetReply.create({
            ...(value === undefined ? {} : { value }),
            conflicted: text(key).startsWith("c/"),
          }),
        );
      }
      case "List": {
        const request = ListRequest.fromBinary(bytes) as {
          prefix: Uint8Array;
          limit: number;
          reverse: boolean;
        };
        const keys = [...this.#values.keys()]
          .filter((key) => key.startsWith(text(request.prefix)))
          .toSorted();
        if (request.reverse) keys.reverse();
        const shown = keys.slice(0, request.limit === 0 ? undefined : request.limit);
        const entries = shown.map((key) => this.#entry(key));
        const next =
          shown.length < keys.length ? new TextEncoder().encode(keys[shown.length]) : new Uint8Array();
        return ListReply.toBinary(ListReply.create({ entries, next }));
      }
      case "Count":
        return CountReply.toBinary({ count: BigInt(this.#values.size) });
      case "Inspect": {
        const { key } = GetRequest.fromBinary(bytes) as { key: Uint8Array };
        const value = this.#values.get(text(key));
        const head = { hash: new Uint8Array(40).fill(0x11), author: AUTHOR, timestamp: TIME };
        const heads = [
          Head.create({ ...head, value }),
          Head.create({ ...head, hash: new Uint8Array(40).fill(0x22) }),
        ];
        return InspectReply.toBinary({ heads: value === undefined ? [] : heads });
      }
      case "Resolve":
        return PutReply.toBinary({ hash: new Uint8Array(32).fill(8) });
      case "TryEverything":
        return bytes;
      default:
        return new Promise((_resolve, reject) => {
          signal.addEventListener("abort", () => reject(new Error("aborted")));
        });
    }
  }

  async *watch(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
    const { key } = GetRequest.fromBinary(bytes) as { key: Uint8Array };
    const wanted = (name: string) => key.length === 0 || name === text(key);
    let seen = this.#log.length;
    for (const name of this.#values.keys()) if (wanted(name)) yield this.#event(name);
    yield ShelfEvent.toBinary(ShelfEvent.create({ kind: Kind.READY }));
    for (;;) {
      while (seen < this.#log.length) {
        const name = this.#log[seen++]!;
        if (wanted(name)) yield this.#event(name);
      }
      await this.#changed.promise;
    }
  }

  #event(key: string): Uint8Array {
    const entry = this.#entry(key);
    return ShelfEvent.toBinary(ShelfEvent.create({ kind: Kind.PUT, entry, resume: new Uint8Array([1]) }));
  }

  #entry(key: string): Record<string, unknown> {
    const value = this.#values.get(key);
    return Entry.create({ key: new TextEncoder().encode(key), value, conflicted: key.startsWith("c/") });
  }
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
