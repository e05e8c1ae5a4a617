/** The daemon's HTTP surface through the built command, as somebody at a terminal meets it. */
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { expectRefusal, newNode, temporaryDirectory } from "./daemon.ts";

interface Ready {
  readonly node: string;
  readonly data: string;
  readonly web: string;
}

async function startServing(env: NodeJS.ProcessEnv = {}) {
  const node = newNode(temporaryDirectory(), { LATTICE_WEB: "0", ...env });
  const ready = JSON.parse(await node.start("--json")) as Ready;
  const token = readFileSync(join(node.dataDirectory, "lattice.token"), "utf8").trim();
  return { node, ready, token, url: new URL(ready.web).origin };
}

it("the link that the daemon prints opens the page once, and the command prints another one", async () => {
  const { node, ready, token, url } = await startServing();
  expect(ready.web).toMatch(/^http:\/\/localhost:\d+\/\?token=[\w-]{43}$/);
  expect(ready.web).not.toContain(token);
  const visit = await fetch(ready.web, { redirect: "manual" });
  expect([visit.status, visit.headers.get("location")]).toEqual([303, "/"]);
  expect((await fetch(ready.web, { redirect: "manual" })).status).toBe(401);
  const another = await node.answer("node", "link");
  expect(new URL(another).origin).toBe(url);
  expect((await fetch(another, { redirect: "manual" })).status).toBe(303);
  expect(statSync(join(node.dataDirectory, "lattice.token")).mode & 0o777).toBe(0o600);
});

it("what the command writes, HTTP tells, and the reverse", async () => {
  const { node, token, url } = await startServing();
  await node.answer("store", "create", "notes", "--root");
  await node.answer("put", "hello", "world", "--store", "notes");
  const call = async (path: string, message: object) => {
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const response = await fetch(`${url}/api/${path}`, {
      method: "POST",
      headers,
      body: JSON.stringify(message),
    });
    return (await response.json()) as Record<string, unknown>;
  };
  expect(await call("KvStore/Get?store=notes", { key: btoa("hello") })).toMatchObject({
    value: btoa("world"),
  });
  await call("KvStore/Put?store=notes", { key: btoa("b"), value: btoa("2") });
  expect(await node.answer("get", "b", "--store", "notes")).toBe("2");
});

it("ends at once though streams are open, and tells them", async () => {
  const { node, token, url } = await startServing();
  const response = await fetch(`${url}/api/NodeService/Events`, {
    headers: { authorization: `Bearer ${token}` },
  });
  const text = response.text();
  await node.stop();
  expect(await text).toMatch(/event: problem\ndata: \{.*"code":"closed"/);
});

it("a port that is taken is one clear line, where it was asked for", async () => {
  const { url } = await startServing();
  const { port } = new URL(url);
  expectRefusal(
    await newNode().run(["--daemon", "--web", port]),
    `port ${port} is in use`,
    "--web PORT",
    "--no-web",
  );
});

it("the log is JSON for a program, at the level that is asked for, and holds no secret", async () => {
  const { node, ready, token, url } = await startServing({ LATTICE_LOG_LEVEL: "debug" });
  await fetch(ready.web, { redirect: "manual" });
  await fetch(`${url}/api/NodeService/GetStatus`, { headers: { authorization: `Bearer ${token}` } });
  await node.answer("store", "create", "notes", "--root");
  await node.stop();
  const errors = await node.errors;
  const lines = errors
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as { time: string; level: string; message: string; route?: string });
  expect(lines.map(({ message }) => message)).toEqual(
    expect.arrayContaining(["node started", "serving HTTP", "store-opened", "http request", "node stops"]),
  );
  expect(lines.flatMap(({ route }) => route ?? [])).toEqual([
    "link",
    "lattice.daemon.v1.NodeService/GetStatus",
  ]);
  expect(errors).not.toContain(token);
  expect(errors).not.toContain(new URL(ready.web).searchParams.get("token"));
});

it("--no-web serves nothing, and makes no token", async () => {
  const node = newNode(temporaryDirectory(), { LATTICE_WEB: "" });
  const ready = JSON.parse(await node.start("--no-web", "--json")) as Ready;
  expect(ready.web).toBeUndefined();
  expect(() => statSync(join(node.dataDirectory, "lattice.token"))).toThrow("ENOENT");
  const { code, err } = await node.run(["node", "link"]);
  expect({ code, err }).toEqual({
    code: 1,
    err: expect.stringContaining("this node serves no page: start it with"),
  });
});
