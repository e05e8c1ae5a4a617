/** A node that is all in memory, with stores of the type in shelf.ts: what `lattice` is driven against here. */
import {
  describeService,
  implementService,
  inProcessClient,
  messageTypesOf,
  type LatticeClient,
} from "@lattice/api";
import { LatticeError } from "@lattice/model";
import { daemon, DynamicStoreServiceClient, NodeServiceClient, StoreServiceClient } from "@lattice/proto";
import type { NodeAccess, OpenOptions } from "../src/node-access.ts";
import { storeHex, storeKey } from "../src/store-key.ts";
import { COMMANDS, ResolveRequest, Shelf, ShelfState } from "./shelf.ts";

/** Names begin with these; the rest of an id is its number. */
const ID_STARTS = ["a1b2c3d4", "e5f60718", "a1ffeedd"];
const TIME_MS = BigInt(Date.UTC(2026, 0, 2, 3, 4, 5));
const NODE_KEY = Uint8Array.from({ length: 32 }, (_, index) => index * 7);

interface FakeStore {
  readonly info: daemon.Store;
  readonly state: ShelfState;
}

export class FakeNode {
  readonly stores: FakeStore[] = [];
  readonly opened: OpenOptions[] = [];
  /** Of its start. */
  warnings: readonly string[] = [];
  isRunning = true;
  closeCount = 0;
  name = "";
  /** Resolves when that method of a store is called. */
  readonly called = new Map<string, PromiseWithResolvers<void>>();
  readonly #events: daemon.NodeEvent[] = [];
  #eventAdded = Promise.withResolvers<void>();

  /** One that is closed stays so, as a real one does. */
  newClient(): LatticeClient {
    return inProcessClient({
      node: implementService(NodeServiceClient, this.#nodeMethods()),
      store: implementService(StoreServiceClient, this.#storeMethods()),
      dynamic: implementService(DynamicStoreServiceClient, this.#dynamicMethods()),
    });
  }

  get access(): NodeAccess {
    return {
      connect: (dataDirectory) =>
        this.isRunning
          ? Promise.resolve(this.newClient())
          : Promise.reject(new LatticeError("unavailable", `nothing listens in ${dataDirectory}`)),
      open: (options) => {
        this.opened.push(options);
        const close = () => Promise.resolve(void this.closeCount++);
        const { dataDirectory, web } = options;
        return Promise.resolve({
          client: this.newClient(),
          dataDirectory,
          warnings: this.warnings,
          web: web && { link: () => `http://localhost:${web.port}/?token=code` },
          close,
        });
      },
      reflect: (descriptors) => Promise.resolve(messageTypesOf(descriptors)),
    };
  }

  emit(event: Partial<daemon.NodeEvent>): void {
    this.#events.push(daemon.NodeEvent.create(event));
    this.#eventAdded.resolve();
    this.#eventAdded = Promise.withResolvers();
  }

  create(fields: Partial<daemon.Store> = {}): daemon.Store {
    const start = ID_STARTS[this.stores.length] ?? "00000000";
    const id = new Uint8Array(Buffer.from(start.padEnd(32, String(this.stores.length)), "hex"));
    const info = daemon.Store.create({ id, type: "example:shelf", ...fields });
    this.stores.push({ info, state: new ShelfState() });
    return info;
  }

  #find(query: string): FakeStore {
    const hex = query.replaceAll("-", "");
    const named = this.stores.filter(({ info }) => info.name === query && query !== "");
    const found = named.length > 0 ? named : this.stores.filter(({ info }) => storeHex(info).startsWith(hex));
    if (found.length === 1) return found[0]!;
    if (found.length === 0) throw new LatticeError("not-found", `there is no store "${query}"`);
    const ids = found.map(({ info }) => storeKey(info)).join(", ");
    throw new LatticeError("ambiguous", `"${query}" can be any of: ${ids}`);
  }

  #nodeMethods() {
    return {
      getStatus: async () => ({
        publicKey: NODE_KEY,
        name: this.name,
        dataDirectory: "/data",
        version: "0.1.0",
        storeCount: this.stores.length,
        addresses: ["/ip4/127.0.0.1/udp/4001/quic-v1"],
        pid: 4242,
        startedMs: TIME_MS,
        warnings: ["the disk is nearly full"],
      }),
      setName: async ({ name }: daemon.SetNodeNameRequest) => {
        this.name = name;
        return {};
      },
      clusterStatus: async () => ({}),
      webLink: async () => ({ link: "http://localhost:8123/?token=code" }),
      listTypes: async () => ({ types: [{ type: "example:shelf", schema: 1 }] }),
      events: () => this.#follow(),
      join: ({ token }: daemon.JoinStoreRequest) => this.#join(token),
    };
  }

  async *#follow(): AsyncGenerator<daemon.NodeEvent> {
    let seen = this.#events.length;
    for (;;) {
      while (seen < this.#events.length) yield this.#events[seen++]!;
      await this.#eventAdded.promise;
    }
  }

  async *#join(token: string) {
    const { CONNECTING, ADMITTED, SYNCING, DONE } = daemon.JoinProgress_Stage;
    yield { stage: CONNECTING };
    if (token !== "good") throw new LatticeError("invite-used", "the invite was used already");
    const store = this.create({ name: "joined" });
    yield { stage: ADMITTED, store };
    yield { stage: SYNCING, store, intentionCount: 120n };
    yield { stage: DONE, store, intentionCount: 200n };
  }

  #storeMethods() {
    const unary = this.#inspectionMethods();
    return {
      ...unary,
      create: async ({ name, type, parent }: daemon.CreateStoreRequest) =>
        this.create({
          name,
          ...(type === "" ? {} : { type }),
          ...(parent === "" ? {} : { parentId: this.#find(parent).info.id }),
        }),
      list: async () => ({ stores: this.stores.map(({ info }) => info) }),
      resolve: async ({ store }: daemon.StoreRequest) => this.#find(store).info,
      setName: async ({ store, name }: daemon.SetStoreNameRequest) => {
        this.#find(store).info.name = name;
        return {};
      },
      invite: async ({ role, expiresInMs }: daemon.InviteRequest) => ({
        token: `lattice1${role}`,
        expiresMs: TIME_MS + (expiresInMs === 0n ? 604_800_000n : expiresInMs),
        invite: new Uint8Array(16).fill(0xcd),
      }),
      listInvites: async () => ({
        invites: [
          { invite: new Uint8Array(16).fill(0xcd), role: "writer", expiresMs: TIME_MS, state: "open" },
        ],
      }),
      uninvite: async ({ invite }: daemon.UninviteRequest) => {
        if (!"cdcdcdcd".startsWith(invite))
          throw new LatticeError("not-found", `there is no invite ${invite}`);
        return {};
      },
    };
  }

  #inspectionMethods() {
    const author = new Uint8Array(32).fill(0xaa);
    const id = (digit: number) => new Uint8Array(40).fill(digit * 0x11);
    const intention = (own: number, fields: Partial<daemon.IntentionInfo>) =>
      daemon.IntentionInfo.create({
        id: id(own),
        author,
        authorName: "alice",
        seq: BigInt(own),
        timestamp: TIME_MS << 16n,
        kind: "app",
        witnessSeq: BigInt(own),
        ...fields,
      });
    const intentions = [
      intention(4, { storePrev: id(2), condition: [id(3)], kind: "merge" }),
      intention(3, { authorName: "bob", condition: [id(1)], summary: "put b" }),
      intention(2, { storePrev: id(1), summary: "put a", note: "refused" }),
      intention(1, { kind: "genesis" }),
    ];
    return {
      status: async ({ store }: daemon.StoreRequest) => ({
        store: this.#find(store).info,
        schema: 1,
        intentionCount: 4n,
        memberCount: 2,
        role: "owner",
        rejected: { signature: 3n },
        fingerprint: id(5),
      }),
      sync: async () => ({
        peers: [
          { peer: author, name: "bob", received: 3n, sent: 1n, same: true },
          { peer: id(2).subarray(0, 32), name: "", error: "cannot be reached" },
        ],
      }),
      verify: async () => ({ intentionCount: 4n, stateDigest: id(1), rebuiltDigest: id(1) }),
      rebuild: async () => ({ intentionCount: 4n, stateDigest: id(1) }),
      history: async ({ limit }: daemon.PageRequest) => page(intentions, limit),
      log: async ({ limit }: daemon.PageRequest) => page(intentions.toReversed(), limit),
      floating: async () => ({}),
      tips: async () => ({ tips: [{ author, name: "alice", seq: 4n, id: id(4) }] }),
      intention: async () => intentions[0]!,
      forks: async () => ({}),
      digest: async () => ({
        digest: id(9),
        tables: [{ table: "kv", rowCount: 2, sum: id(8) }],
        intentionCount: 4n,
      }),
      explain: async ({ subject }: daemon.ExplainRequest) => explanationOf(Buffer.from(subject).toString()),
      listPeers: async () => ({
        peers: [
          { peer: NODE_KEY, name: "me", role: "owner", self: true, live: true },
          { peer: author, name: "alice \u001b[31m", role: "writer", seenMs: TIME_MS },
        ],
      }),
    };
  }

  #dynamicMethods() {
    return {
      describe: async ({ store }: daemon.StoreRequest) => {
        this.#find(store);
        const { COMMAND, QUERY, STREAM } = daemon.Method_Kind;
        const methods = Shelf.methods.map((method) => ({
          name: method.name,
          kind: method.serverStreaming ? STREAM : COMMANDS.has(method.name) ? COMMAND : QUERY,
          summary: String(method.options["lattice.options.v1.summary"]),
        }));
        return { descriptors: describeService(Shelf), service: Shelf.typeName, methods };
      },
      call: async ({ store, method, message }: daemon.CallRequest, { signal }: { signal: AbortSignal }) => {
        this.called.get(method)?.resolve();
        return { message: await this.#find(store).state.call(method, message, signal) };
      },
      subscribe: ({ store, message }: daemon.CallRequest) => this.#subscribe(store, message),
    };
  }

  async *#subscribe(store: string, message: Uint8Array) {
    for await (const event of this.#find(store).state.watch(message)) yield { message: event };
  }
}

function page(intentions: readonly daemon.IntentionInfo[], limit: number) {
  const shown = intentions.slice(0, limit);
  return {
    intentions: shown,
    next: shown.length < intentions.length ? new Uint8Array([1]) : new Uint8Array(),
  };
}

/** Of a key that alice and bob wrote at once; of "alone" only alice did, of "nothing" nobody. */
function explanationOf(key: string): daemon.ExplainReply {
  const head = (author: number, fields: Partial<daemon.ExplainedHead>) =>
    daemon.ExplainedHead.create({
      hash: new Uint8Array(32).fill(author * 0x11),
      author: new Uint8Array(32).fill(author),
      seq: 7n,
      timestamp: TIME_MS << 16n,
      seen: [{ author: new Uint8Array(32).fill(author), name: "alice", seq: 6n }],
      ...fields,
    });
  const [first, second] = [
    head(0xb, {
      authorName: "bob",
      value: Buffer.from("blue"),
      unseenHashes: [new Uint8Array(32).fill(0xaa)],
    }),
    head(0xa, { authorName: "alice", unseenHashes: [new Uint8Array(32).fill(0xbb)] }),
  ];
  const keep = (digits: string) => ({
    method: "Resolve",
    message: ResolveRequest.toBinary(ResolveRequest.create({ key: Buffer.from(key), head: digits })),
    text: "keeps it",
  });
  const heads = key === "nothing" ? [] : key === "alone" ? [{ ...first, unseenHashes: [] }] : [first, second];
  const isContended = heads.length > 1;
  return daemon.ExplainReply.create({
    heads,
    rule: isContended ? "the latest counts" : "",
    resolutions: isContended ? [keep("bbbbbbbb"), keep("aaaaaaaa")] : [],
  });
}
