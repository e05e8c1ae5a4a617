/** Data directories that cannot be used: one line that says why, a failure, and nothing in them is touched. */
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  expectRefusal,
  LATTICE,
  mayMount,
  newNode,
  onMount,
  startNode,
  temporaryDirectory,
} from "./daemon.ts";

it("says how to start a node where none runs", async () => {
  const node = newNode();
  for (const command of [["get", "a"], ["store", "list"], ["join", "lattice1"], ["-"]]) {
    const answer = await node.run(command, "store list\n");
    expectRefusal(answer, "no node runs on", node.dataDirectory, "start one with: lattice --daemon");
  }
  expect(readdirSync(node.dataDirectory)).toEqual([]);
});

it("says so where the node has been killed", async () => {
  const node = await startNode();
  await node.kill();
  expect(existsSync(join(node.dataDirectory, "lattice.sock"))).toBe(true);
  expectRefusal(await node.run(["store", "list"]), "no node runs on", "lattice --daemon");
});

it("lets one process use a directory, and says which that is", async () => {
  const node = await startNode();
  await node.answer("store", "create", "--root");
  for (const words of [["--daemon"], ["--embedded", "get", "a"]]) {
    expectRefusal(
      await newNode(node.dataDirectory).run(words),
      "is in use by process",
      `${node.pid}`,
      "stop it",
    );
  }
  await node.answer("put", "a", "1");
  await node.stop();
  expect((await newNode(node.dataDirectory).run(["--embedded", "get", "a"])).out).toBe("1\n");
});

describe("an identity file", () => {
  it.each([0, 31, 33, 64])("of %i bytes is refused", async (bytes) => {
    const node = newNode();
    const path = join(node.dataDirectory, "identity.key");
    writeFileSync(path, new Uint8Array(bytes).fill(7), { mode: 0o600 });
    expectRefusal(await node.run(["--daemon"]), path, `has ${bytes} bytes`, "32", "backup");
    expect(readFileSync(path)).toEqual(Buffer.alloc(bytes, 7));
  });

  it.each([0o644, 0o640, 0o604])("of mode %o is refused, until that is mended", async (mode) => {
    const node = await startNode();
    const status = await node.answer("node", "status", "--json");
    await node.stop();
    const path = join(node.dataDirectory, "identity.key");
    chmodSync(path, mode);
    expectRefusal(await node.run(["--daemon"]), path, "can be read by others", "chmod 600");
    chmodSync(path, 0o600);
    await node.start();
    const { public_key } = JSON.parse(await node.answer("node", "status", "--json")) as {
      public_key: string;
    };
    expect(JSON.parse(status)).toMatchObject({ public_key });
  });

  it("that is a directory is refused", async () => {
    const node = newNode();
    const path = join(node.dataDirectory, "identity.key");
    mkdirSync(path, { mode: 0o700 });
    expectRefusal(await node.run(["--daemon"]), path);
  });
});

describe("LATTICE_DATA", () => {
  it("must not be a file", async () => {
    const path = join(temporaryDirectory(), "file");
    writeFileSync(path, "mine");
    expectRefusal(
      await newNode(path).run(["--daemon"]),
      `cannot use ${path} as data directory: it is a file`,
      "--data",
    );
    expectRefusal(await newNode(path).run(["store", "list"]), "no node runs on", path);
    expect(readFileSync(path, "utf8")).toBe("mine");
  });

  it("must not lie below a file", async () => {
    const path = join(temporaryDirectory(), "file");
    writeFileSync(path, "mine");
    expectRefusal(
      await newNode(join(path, "data")).run(["--daemon"]),
      `cannot use ${path}/data as data directory: it lies below`,
    );
  });

  it.skipIf(!existsSync("/proc/self"))("must not lie where the system makes no directories", async () => {
    const path = "/proc/self/lattice";
    expectRefusal(await newNode(path).run(["--daemon"]), `cannot use ${path} as data directory`, "--data");
  });

  it.skipIf(process.getuid?.() === 0)("must be writable", async () => {
    const path = temporaryDirectory();
    chmodSync(path, 0o500);
    for (const each of [path, join(path, "data")]) {
      expectRefusal(
        await newNode(each).run(["--daemon"]),
        `cannot use ${each} as data directory: no permission`,
      );
    }
    chmodSync(path, 0o700);
  });

  it.skipIf(!mayMount)("must not be on a disk that is only read", async () => {
    const path = temporaryDirectory();
    for (const each of [path, join(path, "data")]) {
      const answer = onMount({ path, options: "ro", program: LATTICE, args: ["--daemon", "--data", each] });
      expectRefusal(answer, `cannot use ${each} as data directory`);
    }
  });

  it("must not be too long for a socket", async () => {
    const path = join(temporaryDirectory(), "long".repeat(30));
    expectRefusal(await newNode(path).run(["--daemon"]), "the path of a socket has at most");
    expectRefusal(await newNode(path).run(["store", "list"]), "the path of a socket has at most");
  });
});
