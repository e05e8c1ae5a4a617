/** What a node keeps on the disk, where, and who may look at it. */
import { existsSync, globSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { newNode, startNode, temporaryDirectory } from "./daemon.ts";

it("keeps everything in its directory, where only its owner may look", async () => {
  // Not made yet, and the umask of the test would let everybody in.
  const node = newNode(join(temporaryDirectory(), "made", "by-the-node"));
  await node.start();
  const store = await node.answer("store", "create", "--root");
  await node.answer("put", "a", "1");
  const path = (...parts: string[]) => join(node.dataDirectory, ...parts);
  const mode = (...parts: string[]) => (statSync(path(...parts)).mode & 0o777).toString(8);

  expect(mode()).toBe("700");
  expect(mode("stores")).toBe("700");
  expect(mode("stores", store)).toBe("700");
  expect(mode("identity.key")).toBe("600");
  expect(statSync(path("identity.key")).size).toBe(32);
  expect(mode("lattice.sock")).toBe("600");
  expect(statSync(path("lattice.sock")).isSocket()).toBe(true);
  expect(mode("lattice.lock")).toBe("600");
  expect(readFileSync(path("lattice.lock"), "utf8").split("\n")[0]).toBe(`${node.pid}`);
  expect(mode("meta.db")).toBe("600");
  expect(mode("stores", store, "intentions", "log.db")).toBe("600");
  expect(mode("stores", store, "state", "state.db")).toBe("600");

  await node.stop();
  expect(existsSync(path("lattice.sock"))).toBe(false);
  expect(existsSync(path("lattice.lock"))).toBe(false);
  expect(globSync("**/.*", { cwd: node.dataDirectory }), "nothing is left over").toEqual([]);
});

it("leaves nothing behind that hinders the next one, killed or not", async () => {
  const node = await startNode();
  await node.answer("store", "create", "--root");
  const before = readFileSync(join(node.dataDirectory, "identity.key"));
  const { pid } = node;
  await node.kill();
  expect(readFileSync(join(node.dataDirectory, "lattice.lock"), "utf8").split("\n")[0]).toBe(`${pid}`);
  await node.start();
  expect(readFileSync(join(node.dataDirectory, "lattice.lock"), "utf8").split("\n")[0]).toBe(`${node.pid}`);
  await node.answer("put", "a", "1");
  expect(readFileSync(join(node.dataDirectory, "identity.key"))).toEqual(before);
  expect(globSync(".*", { cwd: node.dataDirectory })).toEqual([]);
});
