/** `lattice cluster …` against members that run in this process. */
import { existsSync, readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { start } from "./harness.ts";
import { ClusterUnderTest } from "./cluster-harness.ts";

const ID = /^[0-9a-f]+$/;

describe("keys", () => {
  test("are written, read, compared, watched and deleted", async () => {
    const cluster = await ClusterUnderTest.start("n1");
    expect(await cluster.run("put", "color", "red")).toEqual({ code: 0, out: "", err: "" });
    expect(await cluster.run("put", "count", "hex:00ff")).toMatchObject({ code: 0 });
    expect(await cluster.answer("get", "color")).toBe("red");
    expect(await cluster.answer("get", "count")).toBe("0x00ff");
    expect(await cluster.answer("get", "co", "--prefix")).toBe("color  red\ncount  0x00ff");
    expect(
      await cluster.answer("get", "co", "--prefix", "--keys-only", "--sort-by", "mod", "--order", "descend"),
    ).toBe("count\ncolor");
    expect(await cluster.answer("get", "", "--from-key", "--count-only")).toBe("2");
    expect(await cluster.answer("put", "color", "blue", "--prev-kv")).toBe("red");
    const before = JSON.parse(await cluster.answer("get", "color", "--json")) as {
      kvs: { mod_revision: number }[];
    };
    const revision = before.kvs[0]!.mod_revision - 1;
    expect(await cluster.answer("get", "color", "--rev", String(revision))).toBe("red");
    expect(
      await cluster.answer(
        "txn",
        "--if",
        "value(color) = blue",
        "--then",
        "put color 'light green'",
        "--then",
        "get color",
      ),
    ).toBe("then\n  color  light green");
    expect(
      await cluster.answer(
        "txn",
        "--if",
        "version(color) > 100",
        "--then",
        "del color",
        "--else",
        "get color",
      ),
    ).toBe("else\n  color  light green");
    expect(await cluster.answer("del", "co", "--prefix")).toBe("2");
    expect(await cluster.run("get", "color")).toEqual({ code: 1, out: "", err: "error: not found\n" });
    expect(await cluster.run("compact", "99")).toMatchObject({
      code: 1,
      err: "error: etcdserver: mvcc: required revision is a future revision\n",
    });
  });

  test("are watched from a revision on, until a signal", async () => {
    const cluster = await ClusterUnderTest.start("n1");
    await cluster.answer("put", "a/1", "one");
    const watching = start(["cluster", "watch", "a/", "--prefix", "--rev", "1"], { env: cluster.env });
    await watching.output.until((text) => text.includes("one"));
    await cluster.answer("put", "a/2", "two");
    await cluster.answer("put", "b", "other");
    await cluster.answer("del", "a/1");
    await watching.output.until((text) => text.includes("delete"));
    watching.signal("SIGINT");
    expect(await watching.exit).toBe(0);
    expect(watching.output.text).toBe("put  a/1  one\nput  a/2  two\ndelete  a/1\n");
  });

  test("go with their lease", async () => {
    const cluster = await ClusterUnderTest.start("n1");
    const lease = await cluster.answer("lease", "grant", "1000");
    expect(lease).toMatch(ID);
    await cluster.answer("put", "mine", "x", "--lease", lease);
    expect(await cluster.answer("lease", "ttl", lease)).toMatch(
      /^granted {2}1000 s\nleft {5}\d+ s\nkey {6}mine$/,
    );
    expect(await cluster.answer("lease", "keep-alive", lease, "--once")).toBe(`${lease}  1000 s`);
    expect(await cluster.answer("lease", "list")).toBe(lease);
    await cluster.answer("lease", "revoke", lease);
    expect(await cluster.run("get", "mine")).toMatchObject({ code: 1, err: "error: not found\n" });
    expect(await cluster.run("lease", "ttl", lease)).toMatchObject({ code: 1 });
    expect(await cluster.run("put", "mine", "x", "--lease", lease)).toMatchObject({
      err: "error: etcdserver: requested lease not found\n",
    });
  });
});

describe("words that make no sense", () => {
  test.each([
    [["cluster"], '"cluster" needs one of: start, put, get,'],
    [["cluster", "member"], '"cluster member" needs one of: list, add, promote, remove, update'],
    [["cluster", "membr", "list"], 'unknown command "cluster membr"; did you mean "member"?'],
    [["cluster", "member", "lst"], 'unknown command "cluster member lst"; did you mean "list"?'],
    [["cluster", "get", "a", "b", "--prefix"], "END, --prefix and --from-key exclude each other"],
    [
      ["cluster", "get", "a", "--sort-by", "size"],
      '--sort-by: "size" is none of: key, version, create, mod, value',
    ],
    [["cluster", "txn", "--if", "color = red", "--then", "get a"], '"color = red" compares nothing'],
    [["cluster", "txn", "--then", "set a b"], '"set a b" is no operation'],
    [["cluster", "txn"], "there is nothing to do"],
    [["cluster", "lease", "revoke", "xyz"], 'id: "xyz" is no id'],
    [["cluster", "get", "a", "--endpoints", "nowhere:port"], '"nowhere:port" is no endpoint'],
    [["cluster", "start", "--data", "x"], "--name is missing"],
    [["cluster", "start", "--name", "n1"], "--data is missing"],
    [
      ["cluster", "start", "--name", "n1", "--data", "x", "--initial", "n1"],
      "not of the form NAME=HOST:PORT",
    ],
    [["cluster", "start", "--name", "n1", "--data", "x", "--client-cert-auth"], "only over TLS"],
    [["cluster", "start", "--name", "n1", "--data", "x", "--cert-file", "nope.pem"], "does not exist"],
    [["cluster", "get", "a", "--store", "s"], "unknown flag --store"],
  ])("%j", async (argv, text) => {
    const failed = start(argv);
    expect(await failed.exit).not.toBe(0);
    expect(failed.errors.text).toContain(text);
    expect(failed.errors.text.trimEnd()).not.toContain("\n");
  });

  test("--help explains a command, and lists those of a family", async () => {
    const family = start(["cluster", "member", "--help"]);
    expect(await family.exit).toBe(0);
    expect(family.output.text).toContain("cluster member promote MEMBER");
    const one = start(["cluster", "start", "--help"]);
    expect(await one.exit).toBe(0);
    expect(one.output.text).toContain("--peer-trusted-ca-file FILE");
  });
});

describe("members", () => {
  test("say who leads, hand over, and end in good order", async () => {
    const cluster = await ClusterUnderTest.start("n1", "n2", "n3");
    await cluster.answer("put", "k", "v");
    const leader = leaderIn(await cluster.answer("status", "--hash", "--json"));
    const moved = JSON.parse(await cluster.answer("transfer-leader", "--json")) as { leader: string };
    expect(moved.leader).not.toBe(leader.id);
    const found = leaderIn(await cluster.answer("status", "--json"));
    expect(found.id).toBe(moved.leader);
    expect(await cluster.stop(found.name)).toBe(0);
    expect(cluster.member(found.name).errors.text).toBe("");
    await cluster.answer("put", "k", "after");
    expect(await cluster.answer("status")).toContain("does not answer");
    expect(await cluster.answer("check", "--for", "1s", "--json")).toContain('"verdict":"linearizable"');
  });

  test("come and go", async () => {
    const cluster = await ClusterUnderTest.make("n1", "n2");
    await cluster.begin("n1", ["--initial", cluster.initial("n1")]);
    await cluster.answer("put", "k", "v");
    const { code, err } = await cluster.run("member", "add", cluster.seat("n2").peer, "--learner");
    expect({ code, err }).toMatchObject({
      code: 0,
      err: expect.stringContaining(`--join ${cluster.seat("n1").peer}`),
    });
    await cluster.begin("n2", ["--join", cluster.seat("n1").peer]);
    await untilAnswered(() => cluster.answer("member", "promote", "n2"));
    expect(await cluster.answer("member", "list")).toMatch(/n1 .*\n.*n2|n2 .*\n.*n1/);
    await cluster.answer("member", "remove", "n2");
    expect(await cluster.member("n2").exit).toBe(1);
    const text = cluster.member("n2").errors.text;
    expect(text.trimEnd().split("\n").at(-1)).toMatch(/^error: this member was removed from its cluster/);
    const again = cluster.launch("n2");
    expect(await again.exit).toBe(1);
    // Before it begins, or soon after where nobody was quick enough to tell it.
    expect(again.errors.text).toMatch(/^error: (member [0-9a-f]+|this member) was removed from [^\n]*\n$/m);
  });

  test("say in a line why they do not start, or go on", async () => {
    const cluster = await ClusterUnderTest.start("n1", "n2", "n3");
    const second = cluster.launch("n1");
    expect(await second.exit).toBe(1);
    expect(second.errors.text).toMatch(/^error: [^\n]*n1[^\n]*\n$/);
    await cluster.answer("put", "k", "v");
    await Promise.all(["n1", "n2"].map((name) => cluster.stop(name)));
    const lost = await cluster.run("put", "k", "w", "--timeout", "2s");
    expect(lost).toMatchObject({ code: 1, out: "" });
    expect(lost.err).toMatch(/^error: (etcdserver: |127)[^\n]*more than half of the members[^\n]*\n$/);
    expect((await cluster.run("status")).err).toMatch(/^error: no member leads: 1 of 3 answer[^\n]*\n$/);
    const other = cluster.launch("n1", ["--initial", `n1=${cluster.seat("n1").peer}`]);
    expect(await other.exit).toBe(1);
    expect(other.errors.text).toMatch(/^error: [^\n]*belongs to cluster[^\n]*\n$/);
  });

  test("with a damaged log and nobody to help say where it is damaged", async () => {
    const cluster = await ClusterUnderTest.start("n1");
    await cluster.answer("put", "k", "v");
    await cluster.stop("n1");
    damageLog(cluster.seat("n1").data);
    const damaged = cluster.launch("n1");
    expect(await damaged.exit).toBe(1);
    expect(damaged.errors.text.trimEnd().split("\n").at(-1)).toMatch(
      /^error: .*damaged \(segment 1, byte \d+/,
    );
  });
});

test("a snapshot becomes another cluster", async () => {
  const cluster = await ClusterUnderTest.start("n1");
  for (let at = 0; at < 50; at++) await cluster.answer("put", `k${at}`, `v${at}`);
  const file = join(cluster.directory, "saved.db");
  expect(await cluster.answer("snapshot", "save", file)).toMatch(/saved\.db {2}\d+ bytes$/);
  const bytes = readFileSync(file);
  expect(bytes.length % 512).toBe(32);
  expect(existsSync(`${file}.part`)).toBe(false);
  const other = await ClusterUnderTest.make("m1", "m2");
  const restore = (name: string, from = file) =>
    other.run(
      "snapshot",
      "restore",
      from,
      "--name",
      name,
      "--data",
      other.seat(name).data,
      "--initial",
      other.initial("m1", "m2"),
    );
  for (const name of ["m1", "m2"]) expect(await restore(name)).toMatchObject({ code: 0, err: "" });
  expect(await restore("m1")).toMatchObject({ code: 1, err: expect.stringContaining("is not empty") });
  const damaged = join(cluster.directory, "damaged.db");
  writeFileSync(
    damaged,
    bytes.map((byte, at) => (at === 600 ? byte ^ 1 : byte)),
  );
  expect(await restore("m1", damaged)).toMatchObject({
    code: 1,
    err: expect.stringContaining("damaged or incomplete"),
  });
  truncateSync(damaged, 700);
  expect(await restore("m1", damaged)).toMatchObject({
    code: 1,
    err: expect.stringContaining("damaged or incomplete"),
  });
  await Promise.all([other.begin("m1"), other.begin("m2")]);
  expect(await other.answer("get", "k", "--prefix", "--count-only")).toBe("50");
  expect(await other.answer("get", "k49")).toBe("v49");
  await other.answer("put", "new", "x");
  const clusters = [cluster, other].map(
    async (each) => JSON.parse(await each.answer("get", "k1", "--json")) as HasHeader,
  );
  const [old, young] = await Promise.all(clusters);
  expect(young!.header.cluster_id).not.toBe(old!.header.cluster_id);
  expect(young!.header.revision).toBe(old!.header.revision + 1);
});

interface HasHeader {
  readonly header: { readonly cluster_id: number; readonly revision: number };
}

interface MemberStatus {
  readonly id: string;
  readonly name: string;
  readonly role: string;
}

function leaderIn(json: string): MemberStatus {
  return (JSON.parse(json) as MemberStatus[]).find(({ role }) => role === "leader")!;
}

/** What is not refused for good comes to be. */
async function untilAnswered(ask: () => Promise<string>): Promise<string> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!/there is no member|in sync with leader|not enough started/.test(String(error))) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** In the middle of what was written. */
function damageLog(data: string): void {
  const [segment] = readdirSync(join(data, "log")).toSorted();
  const path = join(data, "log", segment!);
  const bytes = readFileSync(path);
  bytes.fill(0x5a, 600, 700);
  writeFileSync(path, bytes);
}
