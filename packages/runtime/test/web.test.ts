/** The HTTP surface over a real node: what its parts promise each other. */
import { chmodSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { httpClient } from "@lattice/http-client";
import { kvstoreV1 } from "@lattice/kvstore";
import { LatticeError } from "@lattice/model";
import { daemon } from "@lattice/proto";
import { describe, expect, onTestFinished, test } from "vitest";
import { openRuntime, type Runtime, type RuntimeOptions } from "../src/index.ts";
import { dataDirectory } from "./data-directories.ts";

const document = readFileSync(new URL("../../../docs/http.md", import.meta.url), "utf8");

async function open(options: Partial<RuntimeOptions> = {}): Promise<Runtime> {
  const runtime = await openRuntime({
    dataDirectory: dataDirectory(),
    listen: [{ host: "127.0.0.1" }],
    serve: false,
    web: { port: 0 },
    ...options,
  });
  onTestFinished(() => runtime.close());
  return runtime;
}

function tokenOf({ dataDirectory: directory }: { dataDirectory: string }): string {
  return readFileSync(join(directory, "lattice.token"), "utf8").trim();
}

function clientOf(runtime: Runtime) {
  const client = httpClient({ url: runtime.web!.url, token: tokenOf(runtime) });
  onTestFinished(() => client.close());
  return client;
}

async function scrape(runtime: Runtime): Promise<string> {
  const headers = { authorization: `Bearer ${tokenOf(runtime)}` };
  return await (await fetch(`${runtime.web!.url}/metrics`, { headers })).text();
}

async function failureOf(work: Promise<unknown>): Promise<LatticeError> {
  return LatticeError.from(
    await work.then(
      () => new Error("did not fail"),
      (error: unknown) => error,
    ),
  );
}

const bytes = (text: string) => new TextEncoder().encode(text);

async function put(client: ReturnType<typeof clientOf>, key: string): Promise<void> {
  const message = kvstoreV1.PutRequest.toBinary({ key: bytes(key), value: bytes("v"), if: [] });
  await client.dynamic.call({ store: "notes", method: "Put", message });
}

describe("the token", () => {
  test("is made once, for its owner alone, and kept", async () => {
    const directory = dataDirectory();
    const first = await open({ dataDirectory: directory });
    const token = tokenOf(first);
    expect(token).toMatch(/^[\w-]{43}$/);
    expect(statSync(join(directory, "lattice.token")).mode & 0o777).toBe(0o600);
    await first.close();
    await open({ dataDirectory: directory });
    expect(tokenOf({ dataDirectory: directory })).toBe(token);
  });

  test("is not made where nothing is served", async () => {
    const { dataDirectory: directory } = await open({ web: undefined });
    expect(() => tokenOf({ dataDirectory: directory })).toThrow("ENOENT");
  });

  test.each([
    ["that others can read", (path: string) => chmodSync(path, 0o640), "can be read by others: remove it"],
    ["that is none", (path: string) => writeFileSync(path, "short\n"), "holds no token: remove it"],
  ])("one %s is refused in one line", async (_, spoil, says) => {
    const directory = dataDirectory();
    await (await open({ dataDirectory: directory })).close();
    const path = join(directory, "lattice.token");
    spoil(path);
    expect((await failureOf(open({ dataDirectory: directory }))).message).toContain(says);
    rmSync(path);
    await open({ dataDirectory: directory });
  });

  test("a cookie holds over a restart, and ends with its token", async () => {
    const directory = dataDirectory();
    const first = await open({ dataDirectory: directory });
    const { port, url } = first.web!;
    const visit = await fetch(first.web!.link(), { redirect: "manual" });
    const headers = { cookie: visit.headers.getSetCookie()[0]!.split(";", 1)[0]!, origin: url };
    const status = async () => (await fetch(`${url}/api/session`, { headers })).status;
    expect(await status()).toBe(200);
    await first.close();
    const second = await open({ dataDirectory: directory, web: { port } });
    expect(await status()).toBe(200);
    await second.close();
    rmSync(join(directory, "lattice.token"));
    await open({ dataDirectory: directory, web: { port } });
    expect(await status()).toBe(401);
  });
});

describe("a port that is taken", () => {
  test("is one clear line, and no node", async () => {
    const { port } = (await open()).web!;
    expect(await failureOf(open({ web: { port } }))).toMatchObject({
      code: "in-use",
      message: `port ${port} is in use by another program: choose another one with --web PORT, or none with --no-web`,
    });
  });

  test("is a warning where nobody asked for it", async () => {
    const { port } = (await open()).web!;
    const runtime = await open({ web: { port, isOptional: true } });
    expect(runtime.web).toBeUndefined();
    expect(runtime.warnings).toEqual([expect.stringContaining(`no page is served: port ${port} is in use`)]);
    expect((await runtime.client.node.getStatus({})).warnings).toEqual(runtime.warnings);
    expect((await failureOf(runtime.client.node.webLink({}))).code).toBe("failed-precondition");
  });
});

test("a link can be had from the node, and opens once", async () => {
  const runtime = await open();
  const { link } = await runtime.client.node.webLink({});
  expect((await fetch(link, { redirect: "manual" })).status).toBe(303);
  expect((await fetch(link, { redirect: "manual" })).status).toBe(401);
});

test("tells of the clusters that it was given, and of none where it was given none", async () => {
  const member = daemon.ClusterMember.create({ name: "n1", committedIndex: 7n });
  const clusters = { endpoints: ["h:1"], members: () => Promise.resolve([member]) };
  const client = clientOf(await open({ clusters }));
  expect(await client.node.clusterStatus({})).toEqual({ endpoints: ["h:1"], members: [member] });
  expect(await clientOf(await open()).node.clusterStatus({})).toEqual({ endpoints: [], members: [] });
});

describe("the client over HTTP", () => {
  test("does what the one in process does", async () => {
    const runtime = await open();
    const client = clientOf(runtime);
    await client.store.create({ name: "notes" });
    expect(await client.store.list({})).toEqual(await runtime.client.store.list({}));
    await put(client, "a");
    const both = [client, runtime.client].map((each) => each.store.digest({ store: "notes" }));
    const [near, far] = await Promise.all(both);
    expect(near).toEqual(far);
    const errors = [client, runtime.client].map((each) => failureOf(each.store.status({ store: "x" })));
    const [one, other] = await Promise.all(errors);
    expect([one!.code, one!.message]).toEqual([other!.code, other!.message]);
  });

  test("goes on with a watch where it was, through the restart of the node", async () => {
    const directory = dataDirectory();
    const first = await open({ dataDirectory: directory });
    const { port } = first.web!;
    const client = clientOf(first);
    await client.store.create({ name: "notes" });
    await put(client, "before");
    const told: string[] = [];
    const message = kvstoreV1.WatchRequest.toBinary(kvstoreV1.WatchRequest.create({}));
    const events = client.dynamic
      .subscribe({ store: "notes", method: "Watch", message })
      [Symbol.asyncIterator]();
    const next = async () => {
      const { value } = await events.next();
      const event = kvstoreV1.WatchEvent.fromBinary(value!.message);
      told.push(`${kvstoreV1.WatchEvent_Kind[event.kind]} ${new TextDecoder().decode(event.key)}`.trim());
    };
    await next();
    await next();
    const waiting = next();
    await first.close();
    const second = await open({ dataDirectory: directory, web: { port } });
    await put(clientOf(second), "after");
    await waiting;
    // Whether the write came before the watch was back is not ours to say.
    if (told.at(-1) === "READY") await next();
    expect(told.filter((text) => text !== "READY")).toEqual(["PUT before", "PUT after"]);
  });

  test("goes on with the node's events, and is told where too much has passed", async () => {
    const runtime = await open();
    const client = clientOf(runtime);
    const seen: daemon.NodeEvent[] = [];
    const events = client.node.events({})[Symbol.asyncIterator]();
    let isTold = false;
    const first = events.next().finally(() => (isTold = true));
    // Whether it listens already shows in what it is told.
    for (let count = 0; !isTold; count++) await client.store.create({ name: `store-${count}` });
    seen.push((await first).value);
    await client.store.create({ name: "later" });
    const again = client.node.events({ resume: seen[0]!.resume })[Symbol.asyncIterator]();
    expect((await again.next()).value?.kind).toBe(daemon.NodeEvent_Kind.STORE_OPENED);
    const foreign = client.node.events({ resume: new Uint8Array(16) })[Symbol.asyncIterator]();
    expect((await foreign.next()).value?.kind).toBe(daemon.NodeEvent_Kind.GAP);
    const broken = client.node.events({ resume: new Uint8Array(3) })[Symbol.asyncIterator]();
    expect((await failureOf(broken.next())).code).toBe("invalid-argument");
  });
});

describe("the figures", () => {
  test("tell of writes, syncs and peers, each under a name that docs/http.md explains", async () => {
    const [alice, bob] = [await open(), await open()];
    await alice.client.store.create({ name: "notes" });
    const { token } = await alice.client.store.invite({ store: "notes" });
    for await (const step of bob.client.node.join({ token })) void step;
    await put(clientOf(alice), "a");
    await bob.client.store.sync({ store: "notes" });
    const text = await scrape(alice);
    const value = (name: string) => Number(new RegExp(`^${name}(?:\\{.*\\})? (\\S+)$`, "m").exec(text)?.[1]);
    expect(value("lattice_store_open")).toBe(1);
    expect(value("lattice_store_writes_total")).toBeGreaterThan(2);
    expect(value("lattice_store_projection_lag_intentions")).toBe(0);
    expect(value("lattice_flush_seconds_count")).toBeGreaterThan(2);
    expect(value("lattice_peer_connected")).toBe(1);
    expect(value("lattice_peer_lag_intentions")).toBe(0);
    expect(value("lattice_peer_sent_total")).toBeGreaterThan(0);
    expect(value("lattice_syncs_total")).toBeGreaterThan(0);
    expect(value("lattice_sync_sessions")).toBe(1);
    expect(value("lattice_peer_same_timestamp_seconds")).toBeGreaterThan(1.7e9);
    const bobs = await scrape(bob);
    expect(Number(/^lattice_peer_received_total\{.*\} (\d+)$/m.exec(bobs)?.[1])).toBeGreaterThan(0);
    const told = new Map(text.matchAll(/^# TYPE (\S+) (\S+)$/gm).map(([, name, type]) => [name!, type!]));
    const listed = new Map(
      document
        .matchAll(/^\| `(\w+)` \| (counter|gauge|histogram) \|/gm)
        .map(([, name, type]) => [name!, type!]),
    );
    // What had no sample this time.
    listed.delete("lattice_store_rejected_total");
    expect(Object.fromEntries(told)).toEqual(Object.fromEntries(listed));
  });

  test("and the health say what is wrong, without names", async () => {
    const directory = dataDirectory();
    const first = await open({ dataDirectory: directory });
    await first.client.store.create({ name: "secret name" });
    const { stores } = await first.client.store.list({});
    await first.close();
    const id = Buffer.from(stores[0]!.id)
      .toString("hex")
      .replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
    writeFileSync(join(directory, "stores", id, "intentions", "log.db"), "no database");
    const second = await open({ dataDirectory: directory });
    const health = await fetch(`${second.web!.url}/healthz`);
    expect(health.status).toBe(503);
    expect(await health.text()).toBe('1 store is not open: "lattice node status" says more\n');
    expect(await scrape(second)).toMatch(/^lattice_store_open\{.*\} 0$/m);
  });
});

test("the log tells what happens on the node", async () => {
  const lines: { level: string; message: string }[] = [];
  const runtime = await open({ log: (level, message) => void lines.push({ level, message }) });
  await runtime.client.store.create({ name: "notes" });
  await runtime.close();
  expect(lines).toContainEqual({ level: "info", message: "serving HTTP" });
  expect(lines).toContainEqual({ level: "info", message: "store-opened" });
  expect(lines).toContainEqual({ level: "info", message: "node started" });
  expect(lines.at(-1)).toEqual({ level: "info", message: "node stops" });
});
