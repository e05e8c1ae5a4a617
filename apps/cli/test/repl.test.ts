import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { daemon } from "@lattice/proto";
import { describe, expect, test } from "vitest";
import { FakeNode } from "./fake-node.ts";
import { start, temporaryDirectory, type Run } from "./harness.ts";

const TAB = "\t";
const CTRL_C = "\u0003";
const CTRL_D = "\u0004";

/** What a terminal would show of it, as far as these tests care: without colours and movements of the cursor. */
function visible(text: string): string {
  return text.replace(/\u001b\[[0-9;]*[A-Za-z]/g, "");
}

function nodeWithStore(): FakeNode {
  const node = new FakeNode();
  node.create({ name: "notes" });
  return node;
}

/** A full terminal, standing at its first prompt. */
async function open(options: Parameters<typeof start>[1] = {}): Promise<Run> {
  const run = start([], { node: nodeWithStore(), terminal: "full", merge: true, ...options });
  await run.output.until((text) => visible(text).includes("> "));
  return run;
}

/** Types a line, and waits for the next prompt. */
async function type(run: Run, line: string): Promise<string> {
  const from = run.output.text.length;
  run.input.write(`${line}\r`);
  await run.output.until((text) => /\nlattice\S*> $/.test(visible(text.slice(from)).replaceAll("\r", "")));
  return visible(run.output.text.slice(from)).replaceAll("\r", "");
}

async function leave(run: Run): Promise<void> {
  run.input.write(CTRL_D);
  expect(await run.exit).toBe(0);
}

describe("the REPL", () => {
  test("runs what is typed, and leaves by Ctrl-D", async () => {
    const run = await open();
    await type(run, "put hello world");
    expect(await type(run, "get hello")).toContain("\nworld\n");
    await leave(run);
    expect(run.output.text.endsWith("\n")).toBe(true);
  });

  test("leaves by quit, and closes the node that it runs itself", async () => {
    const run = start(["--embedded"], { terminal: "full", merge: true });
    await run.output.until((text) => visible(text).includes("lattice> "));
    run.input.write("quit\r");
    expect(await run.exit).toBe(0);
    expect(run.node.closeCount).toBe(1);
  });

  test.each(["SIGTERM", "SIGHUP"] as const)("leaves by %s", async (name) => {
    const run = await open();
    run.signal(name);
    expect(await run.exit).toBe(0);
  });

  test("works at a terminal that can do nothing", async () => {
    const run = start([], { node: nodeWithStore(), terminal: "dumb", merge: true });
    run.input.write("put a b\nget a\n");
    run.input.end();
    expect(await run.exit).toBe(0);
    expect(run.output.text).toContain("b\n");
    expect(run.output.text).not.toContain("\u001b");
  });

  test("says how to start a node where none runs", async () => {
    const node = new FakeNode();
    node.isRunning = false;
    const run = start([], { node, terminal: "full" });
    expect(await run.exit).toBe(1);
    expect(run.errors.text).toBe(
      `error: no node runs on ${run.dataDirectory}; start one with: lattice --daemon --data ${run.dataDirectory} (or add --embedded)\n`,
    );
  });
});

describe("Ctrl-C", () => {
  test("cancels the running command, and nothing else", async () => {
    const node = nodeWithStore();
    const called = Promise.withResolvers<void>();
    node.called.set("Hang", called);
    const run = await open({ node });
    const calling = type(run, "hang");
    await called.promise;
    run.input.write(CTRL_C);
    expect(await calling).toContain("error: the call was cancelled");
    await type(run, "put a b");
    expect(await type(run, "get a")).toContain("\nb\n");
    await leave(run);
  });

  test("throws away what is typed", async () => {
    const run = await open();
    run.input.write("put a wrong");
    await run.output.until((text) => visible(text).includes("wrong"));
    run.input.write(CTRL_C);
    await run.output.until((text) => /wrong\n[^]*lattice:a1b2> $/.test(visible(text).replaceAll("\r", "")));
    expect(await type(run, "get a")).toContain("not found");
    await leave(run);
  });
});

describe("lines from elsewhere", () => {
  test("a stream runs in the background, above the prompt, until it is stopped", async () => {
    const run = await open();
    await type(run, "put a 1");
    await type(run, "watch a");
    await run.output.until((text) => visible(text).includes("#1 ready"));
    expect(visible(run.output.text)).toContain("#1 put  a  1");
    expect(await type(run, "subs")).toContain("\n#1 watch a\n");
    await type(run, "put a 2");
    await run.output.until((text) => visible(text).includes("#1 put  a  2"));
    await type(run, "unsub 1");
    const before = run.output.text.length;
    await type(run, "put a 3");
    expect(visible(await type(run, "subs"))).not.toContain("#1");
    expect(run.output.text.slice(before)).not.toContain("#1 put");
    await leave(run);
  });

  test("an event comes above the prompt, and what was typed is drawn again", async () => {
    const run = await open();
    run.input.write("get hel");
    await run.output.until((text) => visible(text).endsWith("get hel"));
    const from = run.output.text.length;
    run.node.emit({ kind: daemon.NodeEvent_Kind.PEER_CONNECTED, text: "alice is here\u001b[31m" });
    await run.output.until((text) => visible(text.slice(from)).endsWith("lattice:a1b2> get hel"));
    expect(visible(run.output.text.slice(from)).replaceAll("\r", "")).toBe(
      "* alice is here\\u001b[31m\nlattice:a1b2> get hel",
    );
    run.input.write("\r");
    await run.output.until((text) => visible(text).includes("error: not found"));
    await leave(run);
  });

  test("what happens all the time is not told", async () => {
    const run = await open();
    run.node.emit({ kind: daemon.NodeEvent_Kind.SYNCED, text: "synced" });
    run.node.emit({ kind: daemon.NodeEvent_Kind.DISK_FULL, text: "the disk is full" });
    await run.output.until((text) => text.includes("* the disk is full"));
    expect(run.output.text).not.toContain("synced");
    await leave(run);
  });
});

describe("the selected store", () => {
  const promptOf = async (node: FakeNode, options: Parameters<typeof start>[1] = {}) => {
    const run = await open({ node, ...options });
    const prompt = /lattice\S*> /.exec(visible(run.output.text))?.[0];
    await leave(run);
    return prompt;
  };

  test("is the only root store", async () => {
    const node = nodeWithStore();
    node.create({ parentId: node.stores[0]!.info.id });
    expect(await promptOf(node)).toBe("lattice:a1b2> ");
  });

  test("is none where there are several", async () => {
    const node = nodeWithStore();
    node.create();
    expect(await promptOf(node)).toBe("lattice> ");
  });

  test("is what the environment says", async () => {
    const node = nodeWithStore();
    node.create();
    expect(await promptOf(node, { env: { LATTICE_STORE: "e5" } })).toBe("lattice:e5f6> ");
  });

  test("is the one used last", async () => {
    const node = nodeWithStore();
    node.create({ name: "second" });
    const env = { LATTICE_DATA: temporaryDirectory() };
    const run = await open({ node, env });
    await type(run, "store use second");
    await leave(run);
    expect(await promptOf(node, { env })).toBe("lattice:e5f6> ");
    expect(await promptOf(node, { env: { ...env, LATTICE_STORE: "notes" } })).toBe("lattice:a1b2> ");
  });

  test("must be there when it is asked for", async () => {
    const run = start(["--store", "nowhere"], { node: nodeWithStore(), terminal: "full" });
    expect(await run.exit).toBe(1);
    expect(run.errors.text).toBe('error: there is no store "nowhere"\n');
  });
});

describe("the history", () => {
  test("is kept in a private file, without secrets", async () => {
    const run = await open();
    await type(run, "put a b");
    await type(run, "join good");
    await type(run, "get a");
    await leave(run);
    const path = join(run.dataDirectory, "history");
    expect(readFileSync(path, "utf8")).toBe("put a b\nget a\n");
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test("keeps no secret that stands in a line of its own", async () => {
    const run = await open();
    run.input.write("join \\\r");
    await run.output.until((text) => visible(text).endsWith("… "));
    await type(run, "good");
    await leave(run);
    expect(readFileSync(join(run.dataDirectory, "history"), "utf8")).toBe("");
  });

  test("is there again the next time", async () => {
    const env = { LATTICE_DATA: temporaryDirectory() };
    writeFileSync(join(env.LATTICE_DATA, "history"), "count\nstore list\n");
    const run = await open({ env });
    run.input.write("\u001b[A\u001b[A");
    await run.output.until((text) => visible(text).endsWith("count"));
    await leaveTyped(run);
  });

  async function leaveTyped(run: Run): Promise<void> {
    run.input.write("\r");
    await run.output.until((text) => /0\nlattice\S*> $/.test(visible(text).replaceAll("\r", "")));
    await leave(run);
  }
});

describe("completion", () => {
  test.each([
    ["sto", "store "],
    ["store cr", "store create "],
    ["store use no", "store use notes "],
    ["store create --ro", "store create --root "],
    ["store create --type ex", "store create --type example:shelf "],
    ["peer invite --role re", "peer invite --role reader "],
    ["insp", "inspect "],
    ["get --store a1", "get --store a1b2c3d4 "],
    ["list --rev", "list --reverse "],
    ["list pre", "list prefix="],
    ["help insp", "help inspect "],
    ["unsub al", "unsub all "],
  ])("%s", async (typed, completed) => {
    const run = await open();
    run.input.write(typed + TAB);
    await run.output.until(
      (text) => visible(text).endsWith(`> ${completed}`) || visible(text).endsWith(completed),
    );
    run.input.write("\u0015");
    await leave(run);
  });
});
