import { describe, expect, test } from "vitest";
import { FakeNode } from "./fake-node.ts";
import { run, start } from "./harness.ts";

function nodeWithStore(): FakeNode {
  const node = new FakeNode();
  node.create({ name: "notes" });
  return node;
}

describe("one shot", () => {
  test("answers on stdout, and exits with 0", async () => {
    const node = nodeWithStore();
    expect(await run(["put", "hello", "world"], { node })).toEqual({ code: 0, out: "", err: "" });
    expect(await run(["get", "hello"], { node })).toEqual({ code: 0, out: "world\n", err: "" });
  });

  test("prints the id of a store that it creates", async () => {
    const node = new FakeNode();
    const created = await run(["store", "create", "--root"], { node });
    expect(created).toEqual({ code: 0, out: "a1b2c3d4-0000-0000-0000-000000000000\n", err: "" });
    expect((await run(["--store", created.out.trim(), "count"], { node })).out).toBe("0\n");
  });

  test("fails with 1 where the node refuses, with 2 where the words make no sense", async () => {
    const node = nodeWithStore();
    expect(await run(["get", "nothing"], { node })).toEqual({ code: 1, out: "", err: "error: not found\n" });
    expect(await run(["put", "x"], { node })).toMatchObject({ code: 2, out: "" });
    expect(await run(["store", "crate"], { node })).toMatchObject({ code: 2, out: "" });
    expect(await run(["--frobnicate"], { node })).toMatchObject({ code: 2, out: "" });
  });

  test("tells errors in JSON when asked to", async () => {
    const { code, out, err } = await run(["get", "nothing", "--json"], { node: nodeWithStore() });
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(JSON.parse(err)).toEqual({ error: { code: "not-found", message: "not found" } });
  });

  test("notes do not mix with the answer", async () => {
    const node = nodeWithStore();
    await run(["put", "c/x", "v"], { node });
    expect(await run(["get", "c/x"], { node })).toEqual({
      code: 0,
      out: "v\n",
      err: "note: conflicted: see inspect\n",
    });
  });

  test("takes a value from its input, and gives one back as it is", async () => {
    const node = nodeWithStore();
    const input = "no line end, \u0000 and \u001b[31m";
    expect((await run(["put", "k", "-"], { node, input })).code).toBe(0);
    expect(await run(["get", "k", "--raw"], { node })).toEqual({ code: 0, out: input, err: "" });
    expect((await run(["put", "value=-", "key=named"], { node, input: "x" })).code).toBe(0);
    expect((await run(["get", "named"], { node })).out).toBe("x\n");
    expect((await run(["put", "literal", "text:-"], { node, input: "not read" })).code).toBe(0);
    expect((await run(["get", "literal"], { node })).out).toBe("-\n");
  });

  test("has nothing raw where there is nothing, or more than one value", async () => {
    const node = nodeWithStore();
    expect(await run(["get", "nothing", "--raw"], { node })).toEqual({
      code: 1,
      out: "",
      err: "error: not found\n",
    });
    expect((await run(["list", "--raw"], { node })).err).toBe(
      "error: --raw is for what answers with one value\n",
    );
  });

  test("takes the store from the flag, else from the environment, else the only one", async () => {
    const node = nodeWithStore();
    await run(["put", "k", "first"], { node });
    node.create({ name: "second" });
    await run(["put", "k", "second", "--store", "second"], { node });
    const env = { LATTICE_STORE: "second" };
    expect((await run(["get", "k"], { node, env })).out).toBe("second\n");
    expect((await run(["get", "k", "--store=notes"], { node, env })).out).toBe("first\n");
    expect((await run(["get", "k"], { node })).err).toBe(
      'error: "get" would be a method of a store, but there are several stores; say which one with --store or LATTICE_STORE (see: store list)\n',
    );
  });

  test("works without a node where it needs none", async () => {
    const node = new FakeNode();
    node.isRunning = false;
    expect(await run(["help", "store", "create"], { node })).toMatchObject({ code: 0, err: "" });
    expect(await run(["help"], { node })).toMatchObject({ code: 0, err: "" });
    expect(await run(["stroe", "list"], { node })).toMatchObject({
      code: 2,
      err: 'error: unknown command "stroe"; did you mean "store"?\n',
    });
    expect((await run(["node", "status"], { node })).err).toMatch(
      /^error: no node runs on .*lattice --daemon/,
    );
  });

  test("runs a node of its own for the one command", async () => {
    const node = nodeWithStore();
    node.isRunning = false;
    const argv = ["--embedded", "--listen", "127.0.0.1:4001", "count"];
    expect(await run(argv, { node })).toEqual({ code: 0, out: "0\n", err: "" });
    expect(node.opened).toMatchObject([{ listen: [{ host: "127.0.0.1", port: 4001 }] }]);
    expect(node.closeCount).toBe(1);
  });

  test.each(["SIGINT", "SIGTERM"] as const)("a stream runs until %s", async (signal) => {
    const node = nodeWithStore();
    await run(["put", "a", "1"], { node });
    const started = start(["watch", "--json"], { node });
    await started.output.until((text) => text.includes("ready"));
    await run(["put", "a", "2"], { node });
    await started.output.until((text) => text.split("\n").length > 3);
    started.signal(signal);
    expect(await started.exit).toBe(0);
    const lines = started.output.text.trimEnd().split("\n");
    expect(lines.map((line) => (JSON.parse(line) as { kind: string }).kind)).toEqual(["put", "ready", "put"]);
  });

  test("a call that is broken off is no success", async () => {
    const node = nodeWithStore();
    const called = Promise.withResolvers<void>();
    node.called.set("Hang", called);
    const started = start(["hang"], { node });
    await called.promise;
    started.signal("SIGINT");
    expect(await started.exit).toBe(1);
    expect(started.errors.text).toBe("error: the call was cancelled\n");
  });
});

describe("a script", () => {
  test("prints answers and nothing else", async () => {
    const input = "# a comment\nstore create --root\nput hello world\n\nget hello\n";
    const node = new FakeNode();
    expect(await run(["-"], { node, input })).toEqual({ code: 0, out: "world\n", err: "" });
    expect(await run([], { node, input: "get hello" })).toEqual({ code: 0, out: "world\n", err: "" });
    expect(await run(["--embedded"], { node, input: "get hello" })).toEqual({
      code: 0,
      out: "world\n",
      err: "",
    });
  });

  test("stops at the first line that fails, and names it", async () => {
    const input = "put a b\n\nget nothing\nput never x\n";
    const node = nodeWithStore();
    expect(await run(["-"], { node, input })).toEqual({
      code: 1,
      out: "",
      err: "error: line 3: not found\n",
    });
    expect((await run(["count"], { node })).out).toBe("1\n");
  });

  test("a line that makes no sense is a failure like any other", async () => {
    expect(await run([], { node: nodeWithStore(), input: "put 'x\n" })).toEqual({
      code: 1,
      out: "",
      err: "error: line 1: a quote (') is not closed\n",
    });
    const { err } = await run(["--json"], { node: nodeWithStore(), input: "count\nput x\n" });
    expect(JSON.parse(err)).toMatchObject({ error: { code: "invalid-argument", line: 2 } });
  });

  test("goes on in the next line where a quote is open or a backslash ends it, and counts lines right", async () => {
    const node = nodeWithStore();
    const input = "put a 'one\ntwo'\nget \\\n a\nget nothing\n";
    expect(await run([], { node, input })).toEqual({
      code: 1,
      out: "one\ntwo\n",
      err: "error: line 5: not found\n",
    });
  });

  test("ends at quit", async () => {
    const input = "count\nquit\nget nothing\n";
    expect(await run([], { node: nodeWithStore(), input })).toEqual({ code: 0, out: "0\n", err: "" });
  });

  test("lasts as long as its streams do", async () => {
    const node = nodeWithStore();
    const started = start([], { node, input: "watch\nput a 1\n" });
    await started.output.until((text) => text.includes("#1 put  a  1"));
    started.signal("SIGINT");
    expect(await started.exit).toBe(0);
  });

  test("that is broken off before its end is no success", async () => {
    const script = start(["-"], { node: nodeWithStore(), terminal: "dumb" });
    script.input.write("count\n");
    await script.output.until((text) => text === "0\n");
    script.signal("SIGTERM");
    expect(await script.exit).toBe(1);
  });

  test("says so where no node runs", async () => {
    const node = new FakeNode();
    node.isRunning = false;
    expect(await run([], { node, input: "store list\n" })).toMatchObject({ code: 1, out: "" });
  });
});

describe("the daemon", () => {
  test.each(["SIGINT", "SIGTERM"] as const)("says that it is ready, and ends by %s", async (signal) => {
    const started = start(["--daemon", "--listen", "[::]:7", "--no-web"], {});
    await started.output.until((text) => text.endsWith("\n"));
    expect(started.output.text).toBe(`lattice: node 00070e15 ready, data ${started.dataDirectory}\n`);
    expect(started.node.closeCount).toBe(0);
    started.signal(signal);
    expect(await started.exit).toBe(0);
    expect(started.node.closeCount).toBe(1);
    expect(started.node.opened).toEqual([
      {
        dataDirectory: started.dataDirectory,
        listen: [{ host: "::", port: 7 }],
        typeModules: [],
        log: expect.any(Function),
      },
    ]);
  });

  test("prints the link to its page behind that, and a node beside a prompt where it serves one", async () => {
    const started = start(["--daemon", "--web", "81"], {});
    await started.output.until((text) => text.includes("web"));
    expect(started.output.text).toMatch(
      /ready, data [^\n]+\nlattice: web http:\/\/localhost:81\/\?token=code\n$/,
    );
    started.signal("SIGTERM");
    expect(await started.exit).toBe(0);
    const embedded = await run(["--embedded", "--web", "82", "node", "types"]);
    expect(embedded.err).toBe("lattice: web http://localhost:82/?token=code\n");
    expect((await run(["--embedded", "node", "types"])).err).toBe("");
  });

  test("says on stderr what is amiss, one line each, and goes on", async () => {
    const node = new FakeNode();
    node.warnings = ["no a:one: it is\ngone", "another"];
    const started = start(["--daemon", "--types", "./one.js", "--types=two", "--log-format=text"], { node });
    await started.output.until((text) => text.includes("ready"));
    started.signal("SIGTERM");
    expect(await started.exit).toBe(0);
    expect(started.errors.text).toMatch(
      /^\S+Z warn  warning no a:one: it is[^\n]*gone\n\S+Z warn  warning another\n$/,
    );
    expect(node.opened).toMatchObject([{ typeModules: ["./one.js", "two"] }]);
  });
});

test("--version and --help need nothing", async () => {
  expect((await run(["--version"])).out).toMatch(/^\d+\.\d+\.\d+\n$/);
  const help = await run(["--help"]);
  expect(help).toMatchObject({ code: 0, err: "" });
  expect(help.out).toContain("store create");
});
