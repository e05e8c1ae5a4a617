/**
 * Fills the small file system that its directory is, through a daemon, and makes room again. It checks what it finds and
 * ends with an error where that is not as it should be.
 */
import { deepStrictEqual as same, match, ok, strictEqual } from "node:assert";
import { randomBytes } from "node:crypto";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { NodeProcess } from "../../apps/cli/demo/node-process.ts";

const BALLAST_BYTES = 4 << 20;

const directory = process.argv[2]!;
const ballast = join(directory, "ballast");
const node = new NodeProcess(join(directory, "data"));
const acknowledged = new Map<string, string>();

writeFileSync(ballast, new Uint8Array(BALLAST_BYTES));
try {
  await node.start();
  await node.answer("store", "create", "--root");

  // Down to where there is no room for a few bytes.
  for (const valueBytes of [100_000, 10_000, 1_000, 10]) await fill(valueBytes);
  ok(acknowledged.size > 20);
  await expectFull();
  await expectAll();

  for (const end of ["SIGKILL", "SIGTERM"] as const) {
    await node.end(end);
    await node.start();
    await expectAll();
  }
  const { error } = await put("after-restart", randomBytes(50_000).toString("hex"));
  strictEqual(error?.code, "disk-full");
  await expectAll();

  rmSync(ballast);
  for (let at = 0; at < 20; at++) {
    const { error: refused } = await put(`with-room-${at}`, randomBytes(20_000).toString("hex"));
    strictEqual(refused, undefined);
  }
  await expectAll();
  same(await warnings(), []);
  const verified = JSON.parse(await node.answer("store", "verify", "--json")) as Record<string, unknown>;
  same(verified["problems"], []);
  strictEqual(verified["state_digest"], verified["rebuilt_digest"]);

  await node.stop();
  await node.start();
  await expectAll();
} finally {
  await node.kill();
}

interface Put {
  /** Puts that were acknowledged. */
  readonly count: number;
  readonly error?: { readonly code: string; readonly message: string };
}

async function run(script: readonly string[]): Promise<Put> {
  const { out, err } = await node.run(["-", "--json"], script.join(""));
  const count = out.split("\n").length - 1;
  if (err === "") return { count };
  return { count, error: (JSON.parse(err) as { error: { code: string; message: string } }).error };
}

async function put(key: string, value: string): Promise<Put> {
  const result = await run([`put ${key} ${value}\n`]);
  if (result.count === 1) acknowledged.set(key, value);
  return result;
}

/** Writes until one is refused. */
async function fill(valueBytes: number): Promise<void> {
  const writes = Array.from({ length: 20_000_000 / (valueBytes + 2_000) }, (_, at) => {
    return [`of-${valueBytes}-${at}`, randomBytes(valueBytes / 2).toString("hex")] as const;
  });
  const { count, error } = await run(writes.map(([key, value]) => `put ${key} ${value}\n`));
  for (const [key, value] of writes.slice(0, count)) acknowledged.set(key, value);
  strictEqual(error?.code, "disk-full");
  match(error.message, /no room/);
}

async function warnings(): Promise<string[]> {
  return (JSON.parse(await node.answer("node", "status", "--json")) as { warnings: string[] }).warnings;
}

async function expectFull(): Promise<void> {
  match((await warnings()).join("\n"), /disk is full/);
}

/** Every write that was acknowledged is there, and nothing that was refused. */
async function expectAll(): Promise<void> {
  const { out, err } = await node.run(
    ["-"],
    [...acknowledged.keys(), "count"].map((key) => (key === "count" ? "count\n" : `get ${key}\n`)).join(""),
  );
  strictEqual(err, "");
  ok(
    out === [...acknowledged.values(), acknowledged.size, ""].join("\n"),
    "what was acknowledged is there, and no more",
  );
}
