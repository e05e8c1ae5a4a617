/** Real nodes for the tests: daemons of the built command on directories of their own, gone when the test is over. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFinished } from "vitest";
import { LATTICE, NodeProcess, type Answer } from "../../apps/cli/demo/node-process.ts";
import { connect, type LatticeClient } from "../../packages/api/src/index.ts";
import { kvstoreV1 } from "../../packages/kvstore/src/index.ts";
import { mayMount, onMountCommand, type Mount } from "../mount.ts";
import { seededNumbers } from "../seeded-numbers.ts";

export { LATTICE, mayMount, NodeProcess, seededNumbers, type Answer };

const running = new Set<NodeProcess>();
process.once("exit", () => {
  for (const node of running) void node.kill();
});

export function temporaryDirectory(): string {
  const path = mkdtempSync(join(tmpdir(), "lattice-e2e-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** A node that does not run yet. Whatever becomes of the test, its daemon ends. */
export function newNode(dataDirectory = temporaryDirectory(), env: NodeJS.ProcessEnv = {}): NodeProcess {
  const node = new NodeProcess(dataDirectory, env);
  running.add(node);
  onTestFinished(async () => {
    await node.kill();
    running.delete(node);
  });
  return node;
}

/** One that runs for all tests of a file or a `describe`, which is where this is called. */
export function sharedNode(): NodeProcess {
  const directory = mkdtempSync(join(tmpdir(), "lattice-e2e-"));
  const node = new NodeProcess(directory);
  running.add(node);
  beforeAll(() => node.start());
  afterAll(async () => {
    await node.kill();
    running.delete(node);
    rmSync(directory, { recursive: true, force: true });
  });
  return node;
}

export async function startNode(): Promise<NodeProcess> {
  const node = newNode();
  await node.start();
  return node;
}

/** Two nodes, and the store of the first that the second has joined. */
export async function startPair(): Promise<[NodeProcess, NodeProcess]> {
  const [first, second] = await Promise.all([startNode(), startNode()]);
  await first.answer("store", "create", "--root");
  await second.answer("join", await first.answer("peer", "invite"));
  return [first, second];
}

/** It fails, says why in one line that has all of this, and nothing else. */
export function expectRefusal({ code, out, err }: Answer, ...says: readonly (string | RegExp)[]): void {
  expect({ err, out }, err).toEqual({ err: expect.stringMatching(/^error: [^\n]+\n$/), out: "" });
  expect([1, 2], err).toContain(code);
  for (const part of says) {
    if (typeof part === "string") expect(err).toContain(part);
    else expect(err).toMatch(part);
  }
}

export async function json<T>(node: NodeProcess, ...command: string[]): Promise<T> {
  return JSON.parse(await node.answer(...command, "--json")) as T;
}

export async function digestOf(node: NodeProcess): Promise<string> {
  return (await json<{ digest: string }>(node, "debug", "digest")).digest;
}

/** Both hold the same, and say so. */
export async function expectSame(first: NodeProcess, second: NodeProcess): Promise<void> {
  await first.answer("store", "sync");
  await second.answer("store", "sync");
  expect(await digestOf(first)).toBe(await digestOf(second));
}

interface Verified {
  readonly state_digest: string;
  readonly rebuilt_digest: string;
  readonly problems: readonly string[];
}

/** `store verify` finds nothing, and the state is what the log gives. */
export async function expectVerified(node: NodeProcess): Promise<void> {
  const { state_digest, rebuilt_digest, problems } = await json<Verified>(node, "store", "verify");
  expect(state_digest).toMatch(/^[0-9a-f]{64}$/);
  expect({ rebuilt_digest, problems }).toEqual({ rebuilt_digest: state_digest, problems: [] });
}

/** The methods of a key-value store on a node, over one connection. */
export class KeyValues implements AsyncDisposable {
  readonly client: LatticeClient;
  readonly store: string;

  private constructor(client: LatticeClient, store: string) {
    this.client = client;
    this.store = store;
  }

  /** Of the only root store. */
  static async connect(node: NodeProcess): Promise<KeyValues> {
    const client = await connect(join(node.dataDirectory, "lattice.sock"));
    const { stores } = await client.store.list({});
    const root = stores.find(({ parentId }) => parentId.length === 0);
    return new KeyValues(client, Buffer.from(root!.id).toString("hex"));
  }

  async put(key: string, value: string): Promise<void> {
    const message = kvstoreV1.PutRequest.toBinary({ key: bytes(key), value: bytes(value), if: [] });
    await this.client.dynamic.call({ store: this.store, method: "Put", message });
  }

  /** All that there is. */
  async all(): Promise<Map<string, string>> {
    const found = new Map<string, string>();
    let cursor: Uint8Array = new Uint8Array(0);
    do {
      const message = kvstoreV1.ListRequest.toBinary(kvstoreV1.ListRequest.create({ cursor }));
      const reply = await this.client.dynamic.call({ store: this.store, method: "List", message });
      const { entries, next } = kvstoreV1.ListReply.fromBinary(reply.message);
      for (const { key, value } of entries)
        found.set(Buffer.from(key).toString(), Buffer.from(value).toString());
      cursor = next;
    } while (cursor.length > 0);
    return found;
  }

  /** So many writes, many of them under way at once. */
  async putMany(count: number): Promise<void> {
    let next = 0;
    const writer = async (): Promise<void> => {
      for (let at = next++; at < count; at = next++) await this.put(`many-${at}`, `${at}`.repeat(20));
    };
    await Promise.all(Array.from({ length: 256 }, writer));
  }

  async digest(): Promise<string> {
    const { digest, intentionCount } = await this.client.store.digest({ store: this.store });
    return `${Buffer.from(digest).toString("hex")} of ${intentionCount}`;
  }

  async sync(): Promise<void> {
    const { peers } = await this.client.store.sync({ store: this.store });
    expect(peers).toMatchObject([{ error: "", same: true }]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.close();
  }
}

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Runs a program for which a small file system lies at `path`. */
export function onMount(mount: Mount): Answer {
  const [command, ...words] = onMountCommand(mount);
  const { status, signal, stdout, stderr } = spawnSync(command, words, {
    env: { ...process.env, LATTICE_DATA: mount.path, LATTICE_LISTEN: "127.0.0.1", LATTICE_WEB: "off" },
    encoding: "utf8",
  });
  return { code: status ?? signal ?? "?", out: stdout, err: stderr };
}

/** `SEED` where it is given; printed, so that a run can be had again. */
export function printedSeed(): number {
  const seed = Number(process.env["SEED"] ?? Math.floor(Math.random() * 2 ** 32));
  console.log(`SEED=${seed}`);
  return seed;
}
