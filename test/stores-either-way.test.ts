/** The same program on a node of the mesh and on a cluster, through the same client. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LatticeClient } from "../packages/api/src/index.ts";
import { startClusterMember, type ClusterMember } from "../packages/cluster/src/index.ts";
import { openClusterClient, openLatticeClient } from "../packages/cluster/src/client/index.ts";
import { LatticeError, utf8 } from "../packages/model/src/index.ts";
import { openRuntime, shippedStoreTypes } from "../packages/runtime/src/index.ts";
import { describe, expect, onTestFinished, test } from "vitest";
import { counter } from "../examples/counter-store/src/index.ts";
import { freePorts } from "../packages/testkit/src/clusters/index.ts";

type StoreType = (typeof shippedStoreTypes)[number];

const TYPES: readonly StoreType[] = [...shippedStoreTypes, counter];

async function onNode(): Promise<LatticeClient> {
  const runtime = await openRuntime({
    dataDirectory: temporaryDirectory(),
    listen: [{ host: "127.0.0.1" }],
    types: [counter],
    serve: false,
  });
  onTestFinished(() => runtime.close());
  return runtime.client;
}

async function startThree(): Promise<{ readonly members: ClusterMember[]; readonly endpoints: string[] }> {
  const ports = await freePorts(6);
  const names = ["n1", "n2", "n3"];
  const peerOf = (at: number): string => `127.0.0.1:${ports[2 * at + 1]}`;
  const initial = { members: Object.fromEntries(names.map((name, at) => [name, peerOf(at)])) };
  const directory = temporaryDirectory();
  const members = await Promise.all(
    names.map((name, at) =>
      startClusterMember({
        name,
        dataDirectory: join(directory, name),
        client: { host: "127.0.0.1", port: ports[2 * at]! },
        peer: { host: "127.0.0.1", port: ports[2 * at + 1]! },
        initial,
        electionTimeoutMs: 300,
        heartbeatMs: 30,
        storeTypes: TYPES,
      }),
    ),
  );
  onTestFinished(async () => {
    await Promise.all(members.map((member) => member.stop()));
  });
  return { members, endpoints: members.map(({ ports: { client } }) => `127.0.0.1:${client}`) };
}

async function clientOf(endpoints: readonly string[]): Promise<LatticeClient> {
  const client = await openLatticeClient({ endpoints, timeoutMs: 20_000 });
  onTestFinished(() => client.close());
  return client;
}

function temporaryDirectory(): string {
  const path = mkdtempSync(join(tmpdir(), "lattice-either-way-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

const places: readonly (readonly [string, () => Promise<LatticeClient>])[] = [
  ["a node", onNode],
  ["a cluster", async () => clientOf((await startThree()).endpoints)],
];

/** What replies of the methods that are called here have. */
interface Reply {
  readonly hash: Uint8Array;
  readonly key: Uint8Array;
  readonly value: Uint8Array | bigint;
  readonly count: bigint;
  readonly kind: number;
  readonly resume: Uint8Array<ArrayBuffer>;
  readonly heads: readonly { readonly hash: Uint8Array; readonly value?: Uint8Array }[];
  readonly entries: readonly { readonly key: Uint8Array }[];
  readonly writes: readonly unknown[];
}

/** A store of a type, called by the names of its methods. */
class Called {
  readonly #client: LatticeClient;
  readonly #type: StoreType;
  readonly #store: string;

  private constructor(client: LatticeClient, type: StoreType, store: string) {
    this.#client = client;
    this.#type = type;
    this.#store = store;
  }

  static async make(client: LatticeClient, typeName: string, name: string): Promise<Called> {
    const { id } = await client.store.create({ name, type: typeName, parent: "" });
    const type = TYPES.find(({ type: each }) => each === typeName)!;
    return new Called(client, type, Buffer.from(id).toString("hex"));
  }

  async call(method: string, request: object = {}): Promise<Reply> {
    const { I, O } = this.#type.methods.get(method)!.info;
    const message = I.toBinary(I.create(request));
    const reply = await this.#client.dynamic.call({ store: this.#store, method, message });
    return O.fromBinary(reply.message) as Reply;
  }

  async *subscribe(method: string, request: object, signal: AbortSignal): AsyncGenerator<Reply> {
    const { I, O } = this.#type.methods.get(method)!.info;
    const message = I.toBinary(I.create(request));
    for await (const reply of this.#client.dynamic.subscribe(
      { store: this.#store, method, message },
      { signal },
    )) {
      yield O.fromBinary(reply.message) as Reply;
    }
  }
}

/** Kinds of events of a watch. */
const READY = 3;

function codeOf(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => "none",
    (error: unknown) => LatticeError.from(error).code,
  );
}

const text = (bytes: Uint8Array | bigint): string => Buffer.from(bytes as Uint8Array).toString();

describe.each(places)("on %s", (_place, open) => {
  test("keys and values are put, read, listed, compared and watched", async () => {
    const client = await open();
    const { types } = await client.node.listTypes({});
    expect(types.map(({ type }) => type)).toEqual(TYPES.map(({ type }) => type));
    const kv = await Called.make(client, "core:kvstore", "notes");
    const key = utf8("color");
    const { hash } = await kv.call("put", { key, value: utf8("red") });
    expect(hash).toHaveLength(32);
    expect(text((await kv.call("get", { key })).value)).toBe("red");
    expect(await codeOf(kv.call("put", { key, value: utf8("x"), if: ["none"] }))).toBe("conflict");
    expect(await codeOf(kv.call("put", { key: utf8(""), value: utf8("x") }))).toBe("invalid-argument");
    expect(await codeOf(kv.call("put", { key, value: new Uint8Array(600_000) }))).toBe("too-large");
    await kv.call("put", { key, value: utf8("blue"), if: [Buffer.from(hash).toString("hex")] });
    expect(text((await kv.call("get", { key })).value)).toBe("blue");

    const seen: string[] = [];
    for await (const { kind, key: changed } of kv.subscribe("watch", {}, new AbortController().signal)) {
      seen.push(`${kind} ${text(changed)}`);
      if (kind === READY) await kv.call("put", { key: utf8("other"), value: utf8("1") });
      if (seen.length === 3) break;
    }
    expect(seen).toEqual(["1 color", "3 ", "1 other"]);

    const writes = [
      { key: utf8("a"), value: utf8("1") },
      { key: utf8("b"), value: utf8("2") },
      { key, delete: true },
    ];
    await kv.call("batch", { writes });
    const { entries } = await kv.call("list");
    expect(entries.map((entry) => text(entry.key))).toEqual(["a", "b", "other"]);
    expect(Number((await kv.call("count")).count)).toBe(3);
    const { writes: past } = await kv.call("history", { key });
    expect(past).toHaveLength(3);
    const { digest, intentionCount } = await client.store.digest({ store: "notes" });
    expect(digest).toHaveLength(32);
    expect(intentionCount).toBeGreaterThan(0n);
  });

  test("counters count all that was counted at the same time", async () => {
    const client = await open();
    const counters = await Called.make(client, "example:counter", "visits");
    await Promise.all(Array.from({ length: 100 }, () => counters.call("increment", { name: "page" })));
    await counters.call("decrement", { name: "page", amount: 5n });
    expect((await counters.call("get", { name: "page" })).value).toBe(95n);
    expect(await codeOf(counters.call("get", { name: "" }))).toBe("invalid-argument");
    expect(await codeOf(counters.call("increment", { name: "page", amount: 0n }))).toBe("invalid-argument");
    expect(
      await codeOf(client.dynamic.call({ store: "nothing", method: "get", message: new Uint8Array(0) })),
    ).toBe("not-found");
    expect(
      await codeOf(client.dynamic.call({ store: "visits", method: "fly", message: new Uint8Array(0) })),
    ).toBe("unimplemented");
  });
});

describe("on a cluster", () => {
  test("a type's own service stands for the first store of the type", async () => {
    const { endpoints } = await startThree();
    const made = await Called.make(await clientOf(endpoints), "example:counter", "first");
    await Called.make(await clientOf(endpoints), "example:counter", "second");
    const client = await openClusterClient({ endpoints: [endpoints[1]!] });
    onTestFinished(() => client.close());
    const { increment, get } = Object.fromEntries(
      Array.from(counter.methods, ([name, { info }]) => [name, info] as const),
    );
    await client.call(increment!, { name: "page", amount: 3n });
    expect(await client.call(get!, { name: "page" })).toMatchObject({ value: 3n });
    expect((await made.call("get", { name: "page" })).value).toBe(3n);
  });

  test("of many who compare and set at once, at all members, one comes through each time", async () => {
    const { endpoints } = await startThree();
    const first = await clientOf(endpoints);
    await Called.make(first, "core:kvstore", "shared");
    const clients = await Promise.all(endpoints.map((endpoint) => clientOf([endpoint])));
    const key = utf8("n");
    const add = async (client: LatticeClient): Promise<number> => {
      const kv = await Called.make(client, "core:kvstore", "shared");
      for (let tries = 1; ; tries++) {
        const heads = (await kv.call("inspect", { key })).heads;
        const [head] = heads;
        const value = head === undefined ? 0 : Number(text(head.value!));
        const condition = head === undefined ? "none" : Buffer.from(head.hash).toString("hex");
        const code = await codeOf(kv.call("put", { key, value: utf8(String(value + 1)), if: [condition] }));
        if (code === "none") return tries;
        expect(code).toBe("conflict");
      }
    };
    await Promise.all(clients.flatMap((client) => [add(client), add(client), add(client), add(client)]));
    const kv = await Called.make(first, "core:kvstore", "shared");
    expect(text((await kv.call("get", { key })).value)).toBe("12");
    const digests = await Promise.all(clients.map((client) => client.store.digest({ store: "shared" })));
    expect(new Set(digests.map(({ digest }) => Buffer.from(digest).toString("hex"))).size).toBe(1);
  });

  test("no count is lost or made twice while the leader changes", async () => {
    const { members, endpoints } = await startThree();
    const client = await clientOf(endpoints);
    const counters = await Called.make(client, "example:counter", "visits");
    let counted = 0;
    let unknown = 0;
    const count = async (): Promise<void> => {
      const code = await codeOf(counters.call("increment", { name: "page" }));
      if (code === "none") counted += 1;
      else unknown += 1;
    };
    for (let round = 0; round < 3; round++) {
      const counting = Array.from({ length: 40 }, count);
      const leader = members.find((member) => member.status().leader === member.id);
      const others = members.filter((member) => member !== leader);
      const admin = await openClusterClient({ endpoints: [`127.0.0.1:${leader!.ports.client}`] });
      await admin.maintenance.moveLeader({ targetID: BigInt(others[round % 2]!.id) });
      await admin.close();
      await Promise.all(counting);
    }
    const { value } = await counters.call("get", { name: "page" });
    expect(value).toBeGreaterThanOrEqual(BigInt(counted));
    expect(value).toBeLessThanOrEqual(BigInt(counted + unknown));
  });

  test("a stream goes on at another member from where it was", async () => {
    const { endpoints } = await startThree();
    const client = await clientOf(endpoints);
    const kv = await Called.make(client, "core:kvstore", "notes");
    await kv.call("put", { key: utf8("a"), value: utf8("1") });
    const signal = new AbortController().signal;
    let resume = new Uint8Array(0);
    for await (const event of kv.subscribe("watch", {}, signal)) {
      resume = event.resume;
      if (event.kind === READY) break;
    }
    expect(resume.length).toBeGreaterThan(0);
    await kv.call("put", { key: utf8("b"), value: utf8("2") });
    const elsewhere = await clientOf([endpoints[2]!]);
    const there = await Called.make(elsewhere, "core:kvstore", "notes");
    const told: string[] = [];
    for await (const { kind, key } of there.subscribe("watch", { resume }, signal)) {
      told.push(`${kind} ${text(key)}`);
      if (kind === READY) break;
    }
    expect(told).toEqual(["1 b", "3 "]);
  });
});
