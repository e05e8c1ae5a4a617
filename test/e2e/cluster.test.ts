/** Three nodes that share a store: they learn of each other, and need none in particular. */
import { once } from "node:events";
import { createInterface } from "node:readline";
import { beforeAll, describe, expect, it } from "vitest";
import { digestOf, expectRefusal, expectVerified, json, sharedNode, type NodeProcess } from "./daemon.ts";

const alice = sharedNode();
const bob = sharedNode();
const carol = sharedNode();
let store: string;

beforeAll(async () => {
  await Promise.all(
    [alice, bob, carol].map((node, at) => node.answer("node", "set-name", ["alice", "bob", "carol"][at]!)),
  );
  store = await alice.answer("store", "create", "shared", "--root");
  await bob.answer("join", await alice.answer("peer", "invite"));
  await carol.answer("join", await alice.answer("peer", "invite", "--role", "admin"));
  await syncAll(alice, bob, carol);
});

/** Twice around: what the first has got from the last goes to those between. */
async function syncAll(...nodes: readonly NodeProcess[]): Promise<void> {
  for (const node of [...nodes, ...nodes]) await node.answer("store", "sync", "--store", store);
}

interface Peer {
  readonly name: string;
  readonly role: string;
  readonly self: boolean;
  readonly live: boolean;
}

it("all three know all three, by name and role", async () => {
  for (const [node, own] of [
    [alice, "alice"],
    [bob, "bob"],
    [carol, "carol"],
  ] as const) {
    const { peers } = await json<{ peers: Peer[] }>(node, "peer", "list");
    expect(Object.fromEntries(peers.map(({ name, role }) => [name, role]))).toEqual({
      alice: "owner",
      bob: "writer",
      carol: "admin",
    });
    expect(peers.filter(({ self }) => self).map(({ name }) => name)).toEqual([own]);
    expect(await node.answer("store", "list")).toContain("shared");
    expect(await node.answer("peer", "list")).toMatch(/alice.*owner/);
  }
});

it("two exchange their writes when the one that invited them is away", async () => {
  await alice.stop();
  const [atCarol, atBob] = [seen(carol, "from-bob"), seen(bob, "from-carol")];
  await bob.answer("put", "from-bob", "hello carol");
  await carol.answer("put", "from-carol", "hello bob");
  expect(await atCarol).toBe("hello carol");
  expect(await atBob).toBe("hello bob");

  await alice.start();
  await syncAll(alice, bob, carol);
  expect(await alice.answer("get", "from-bob")).toBe("hello carol");
  const digests = await Promise.all([alice, bob, carol].map(digestOf));
  expect(new Set(digests).size).toBe(1);
});

/** The value of a key, as soon as the node has one. */
async function seen(node: NodeProcess, key: string): Promise<string> {
  const watching = node.spawn("watch", `key=${key}`, "--json");
  for await (const line of createInterface({ input: watching.stdout })) {
    const event = JSON.parse(line) as { kind: string; value: string };
    if (event.kind !== "put") continue;
    watching.kill("SIGTERM");
    return event.value;
  }
  throw new Error(`watch ${key} has ended`);
}

it("a child store comes to the others by itself", async () => {
  const child = await carol.answer("store", "create", "todo");
  await carol.answer("put", "task", "first", "--store", "todo");
  await syncAll(carol, alice, bob);
  for (const node of [alice, bob]) {
    await node.answer("store", "sync", "--store", child);
    expect(await node.answer("get", "task", "--store", "todo")).toBe("first");
    const tree = (await node.answer("store", "list")).split("\n");
    expect(tree[0]).toContain("shared");
    expect(tree[1]).toMatch(/^\s+.*todo/);
  }
  const log = await carol.answer("store", "create", "log", "--type", "core:logstore");
  await syncAll(carol, bob);
  // A writer of the root is one of its children, too; but it may not add any.
  await bob.answer("append", "one line", "--store", "log");
  await carol.answer("store", "sync", "--store", log);
  expect(await carol.answer("read", "--store", "log")).toContain("one line");
  expectRefusal(await bob.run(["store", "create", "mine"]), "only an admin may add a child store");
});

describe("what is told of the history", () => {
  beforeAll(async () => {
    // Neither can have seen the other's.
    await Promise.all([alice.stop(), carol.stop()]);
    await bob.answer("put", "color", "blue");
    await bob.stop();
    await carol.start();
    await carol.answer("put", "color", "red");
    await Promise.all([alice.start(), bob.start()]);
    await syncAll(alice, bob, carol);
  });

  it("conflict and resolution", async () => {
    const { heads } = await json<{ heads: { value: string }[] }>(alice, "inspect", "color");
    expect(heads.map(({ value }) => value).sort()).toEqual(["blue", "red"]);
    const { out, err } = await alice.run(["get", "color"]);
    expect(out.trimEnd()).toBe(heads[0]!.value);
    expect(err).toContain("conflict");
    await alice.answer("put", "color", "purple");
    await syncAll(alice, bob, carol);
    for (const node of [alice, bob, carol]) {
      expect(await node.run(["get", "color"])).toEqual({ code: 0, out: "purple\n", err: "" });
    }
  });

  it("store history draws the branches, the latest first", async () => {
    const drawing = await alice.answer("store", "history", "--limit", "0");
    const lines = drawing.split("\n").filter((line) => line.includes("*"));
    expect(lines[0]).toMatch(/alice.*purple/);
    expect(lines.at(-1)).toMatch(/genesis/);
    expect(drawing).toMatch(/^├/m);
    expect(drawing).toMatch(/bob.*"value":"blue"/);
    expect(drawing).toMatch(/carol.*"value":"red"/);
    expect(drawing).toMatch(/admit bob as writer/);
    const { intentions } = await json<{ intentions: unknown[] }>(alice, "store", "history", "--limit", "0");
    expect(lines).toHaveLength(intentions.length);
  });

  it("debug prints tips, log, intention, floating, forks and digest", async () => {
    const tips = await json<{ tips: { name: string; seq: number; id: string }[] }>(bob, "debug", "tips");
    expect(tips.tips.map(({ name }) => name).sort()).toEqual(["alice", "bob", "carol"]);
    expect(await bob.answer("debug", "tips")).toMatch(/AUTHOR +(NAME +)?SEQ +/);

    const log = (await bob.answer("debug", "log", "--limit", "0")).split("\n");
    const status = await json<{ intention_count: number; floating_count: number }>(bob, "store", "status");
    expect(log).toHaveLength(status.intention_count);
    expect(log[0]).toMatch(/^1 .*genesis/);

    const hash = /^\S+\s+([0-9a-f]{8})/.exec(log.at(-1)!)![1]!;
    expect(await bob.answer("debug", "intention", hash)).toContain(hash);
    expect(await bob.answer("debug", "floating")).toBe("");
    expect(status.floating_count).toBe(0);
    expect(await bob.answer("debug", "forks")).toBe("");
    expect(await bob.answer("debug", "digest", "--verbose")).toContain(await digestOf(carol));
  });

  it("store status and store verify agree with the peers", async () => {
    await expectVerified(carol);
    const verified = await json<{ peers: { name: string; verdict: string }[] }>(carol, "store", "verify");
    const verdicts = Object.fromEntries(verified.peers.map(({ name, verdict }) => [name, verdict]));
    expect(verdicts).toEqual({ alice: "same", bob: "same" });
    expect(await carol.answer("store", "status")).toMatch(/member-count +3/);
  });
});

it("watch, as a single command in JSON, tells what another node writes", async () => {
  await alice.answer("put", "news/1", "old");
  const watching = bob.spawn("watch", "news/", "--json");
  const ended = once(watching, "close");
  const lines = createInterface({ input: watching.stdout })[Symbol.asyncIterator]();
  const next = async () => JSON.parse((await lines.next()).value as string) as Record<string, unknown>;
  await alice.answer("store", "sync");
  let event = await next();
  while (event["kind"] !== "ready") {
    expect(event).toMatchObject({ kind: "put", key: "news/1", value: "old" });
    event = await next();
  }
  await alice.answer("put", "news/2", "fresh");
  event = await next();
  // What came while the stream was starting may be told after it.
  while (event["key"] === "news/1") event = await next();
  expect(event).toMatchObject({ kind: "put", key: "news/2", value: "fresh", conflicted: false });
  await carol.answer("delete", "news/2");
  expect(await next()).toMatchObject({ kind: "delete", key: "news/2" });
  watching.kill("SIGTERM");
  expect(await ended).toEqual([0, null]);
});
