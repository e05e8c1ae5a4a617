/** A store type that is no part of this repository, on real nodes: named, remembered, gone, unknown. */
import { once } from "node:events";
import { copyFileSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeContribution, runScript } from "./contributed-type.ts";
import {
  expectRefusal,
  expectSame,
  expectVerified,
  json,
  newNode,
  startNode,
  type NodeProcess,
} from "./daemon.ts";

/** Built once for all tests: the example of CONTRIBUTING.md, and one of another name. */
const workshop = mkdtempSync(join(tmpdir(), "lattice-e2e-types-"));
const counter = join(workshop, "counter");
const other = join(workshop, "other");

beforeAll(() => {
  makeContribution({ directory: counter });
  makeContribution({
    directory: other,
    edit: (text) => text.replaceAll("example:counter", "example:other").replaceAll('"counter"', '"other"'),
  });
});
afterAll(() => rmSync(workshop, { recursive: true, force: true }));

const create = ["store", "create", "score", "--root", "--type", "example:counter"] as const;
const UNKNOWN = 'this node knows no store type "example:counter"';

interface Store {
  readonly id: string;
  readonly type: string;
  readonly problem: string;
}

async function storesOf(node: NodeProcess): Promise<readonly Store[]> {
  return (await json<{ stores: Store[] }>(node, "store", "list")).stores;
}

describe("a store type of a contributor's", () => {
  it("has its commands, their help and its streams", async () => {
    const node = newNode();
    await node.start("--types", counter);
    expect(await node.answer("node", "types")).toMatch(/^example:counter +1$/m);
    await node.answer(...create);
    await node.answer("increment", "5");
    await node.answer("increment", "-2");
    expect(await node.answer("get")).toBe("3");
    expect(await node.answer("help", "increment")).toBe(
      "Move the counter\n  increment AMOUNT\n\nArguments:\n  amount  by how much; down, where it is negative",
    );
    expect(await node.answer("help")).toMatch(/^ {2}watch +Where the counter stands, and again/m);
    // An error of the module's own copy of the package keeps its code and its words.
    const refused = await node.run(["increment", "0", "--json"]);
    expect(JSON.parse(refused.err)).toEqual({
      error: { code: "invalid-argument", message: "give an amount other than 0" },
    });

    const watching = node.spawn("watch", "--json");
    const ended = once(watching, "close");
    const lines = createInterface({ input: watching.stdout })[Symbol.asyncIterator]();
    const next = async () => (JSON.parse((await lines.next()).value as string) as { value: number }).value;
    expect(await next()).toBe(3);
    await node.answer("increment", "4");
    expect(await next()).toBe(7);
    watching.kill("SIGTERM");
    expect(await ended).toEqual([0, null]);
    expect(await node.answer("store", "history")).toContain('"delta":"4"');
    await expectVerified(node);
    expect(await node.answer("node", "status")).not.toContain("warnings");
  });

  it("passes the suite of its contract", () => {
    expect(() => runScript(counter, "test")).not.toThrow();
  });

  it("runs in a script on a node of its own, from the environment", async () => {
    const node = newNode(undefined, {
      LATTICE_TYPES: [counter, join(other, "dist/index.js")].join(delimiter),
    });
    const script = `${create.join(" ")}\nincrement 2\nget\nnode types\n`;
    const { code, out, err } = await node.run(["--embedded", "-"], script);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toMatch(/^2$/m);
    expect(out).toMatch(/^example:other +1$/m);
    expect(await newNode(node.dataDirectory).answer("--embedded", "get")).toBe("2");
  });

  it("is remembered, and only its own stores miss it when it is gone", async () => {
    const node = newNode();
    await node.start("--types", counter, "--types", join(other, "dist/index.js"));
    await node.answer(...create);
    await node.answer("increment", "5", "--store", "score");
    await node.answer("store", "create", "notes", "--root");
    await node.answer("store", "create", "more", "--root", "--type", "example:other");
    await node.answer("put", "a", "1", "--store", "notes");
    await node.stop();
    const { modules } = JSON.parse(readFileSync(join(node.dataDirectory, "types.json"), "utf8")) as {
      modules: unknown;
    };
    expect(modules).toEqual([
      { module: "counter", from: counter, types: ["example:counter"] },
      { module: join(other, "dist/index.js"), types: ["example:other"] },
    ]);

    await node.start();
    expect(await node.answer("get", "--store", "score")).toBe("5");
    await node.stop();
    expect(await node.errors).toBe("");

    renameSync(counter, `${counter}-away`);
    try {
      await node.start();
      const problems = Object.fromEntries(
        (await storesOf(node)).map(({ type, problem }) => [type, problem.split(",")[0]]),
      );
      expect(problems).toEqual({ "example:counter": UNKNOWN, "core:kvstore": "", "example:other": "" });
      expect(await node.answer("get", "a", "--store", "notes")).toBe("1");
      await node.answer("increment", "1", "--store", "more");
      expect(await node.answer("node", "status")).toContain(
        "no example:counter: cannot find the store types",
      );
      await node.stop();
      const text = expect.stringMatching(/^no example:counter: [^\n]+--types$/);
      expect(JSON.parse(await node.errors)).toMatchObject({ level: "warn", text });
    } finally {
      renameSync(`${counter}-away`, counter);
    }

    await node.start();
    expect(await node.answer("get", "--store", "score")).toBe("5");
  });

  it("is refused in one line where it cannot be had", async () => {
    const node = newNode();
    const copy = join(workshop, "copy.mjs");
    copyFileSync(join(counter, "dist/index.js"), copy);
    const refused = async (...modules: string[]) =>
      await node.run(["--daemon", ...modules.flatMap((module) => ["--types", module])]);
    expectRefusal(await refused(join(workshop, "nowhere.js")), "cannot find the store types");
    expectRefusal(await refused(workshop), "without a package.json");
    expectRefusal(await refused(join(counter, "package.json")), "cannot load the store types");
    expectRefusal(await refused(counter, copy), "has the store type example:counter, which counter has");
    expectRefusal(await node.run(["store", "list", "--types", copy]), "--types needs --daemon or --embedded");
    await node.start("--types", copy);
    expectRefusal(await refused(counter), "is in use by process");
  });

  it("converges with another node that knows it, and waits at one that does not", async () => {
    const [alice, bob, carol] = [newNode(), newNode(), await startNode()];
    await Promise.all([alice.start("--types", counter), bob.start("--types", counter)]);
    await alice.answer(...create);
    await alice.answer("increment", "5");
    await bob.answer("join", await alice.answer("peer", "invite"));
    await bob.answer("increment", "10");
    await expectSame(alice, bob);
    expect(await alice.answer("get")).toBe("15");

    await carol.answer("store", "create", "notes", "--root");
    await carol.answer("put", "a", "1", "--store", "notes");
    const joining = await carol.run(["join", await alice.answer("peer", "invite")]);
    expect(joining.code).toBe(1);
    expect(joining.err).toMatch(/^error: joined, but the store is not open: .*--types MODULE[^\n]*\n$/m);
    const listed = () => carol.answer("store", "list");
    expect(await listed()).toMatch(
      /example:counter.*problem: this node knows no store type .*--types MODULE/,
    );
    expect(await carol.answer("get", "a", "--store", "notes")).toBe("1");
    await carol.stop();
    await carol.start();
    expect(await listed()).toContain(UNKNOWN);

    await carol.stop();
    await carol.start("--types", counter);
    const score = (await storesOf(carol)).find(({ type }) => type === "example:counter")!;
    expect(score.problem).toBe("");
    await carol.answer("store", "sync", "--store", score.id);
    expect(await carol.answer("get", "--store", score.id)).toBe("15");
    await carol.answer("increment", "1", "--store", score.id);
    await carol.answer("store", "sync", "--store", score.id);
    expect(await alice.answer("get")).toBe("16");
    await carol.stop();
    await carol.start();
    expect(await carol.answer("get", "--store", score.id)).toBe("16");
  });

  it("as a child, waits at a member that does not know it, beside its open parent", async () => {
    const [alice, bob] = [newNode(), await startNode()];
    await alice.start("--types", counter);
    const parent = await alice.answer("store", "create", "--root");
    await bob.answer("join", await alice.answer("peer", "invite"));
    const child = await alice.answer("store", "create", "score", "--type", "example:counter");
    await alice.answer("increment", "3", "--store", child);
    await bob.answer("store", "sync", "--store", parent);
    await bob.answer("put", "a", "1", "--store", parent);
    expect(await bob.answer("store", "list")).toMatch(/score.*problem: this node knows no store type/);
    await bob.stop();
    await bob.start("--types", counter);
    await bob.answer("store", "sync", "--store", child);
    expect(await bob.answer("get", "--store", child)).toBe("3");
  });
});
