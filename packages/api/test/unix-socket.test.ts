import { link, lstat, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { dirname, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { checkedSocketPath, claimSocket, isListening, SOCKET_PATH_BYTES_MAX } from "../src/unix-socket.ts";
import { failureOf, scratchDirectory } from "./fake-node.ts";

async function listen(path: string): Promise<Server> {
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(path, resolve));
  onTestFinished(() => void server.close());
  return server;
}

/** What a process leaves behind that was killed. */
async function leaveStale(path: string): Promise<void> {
  const server = await listen(`${path}.bound`);
  await link(`${path}.bound`, path);
  await new Promise((resolve) => server.close(resolve));
  expect((await lstat(path)).isSocket()).toBe(true);
}

async function claim(path: string): Promise<{ release(): Promise<void> }> {
  return await claimSocket(path, async (bound) => void (await listen(bound)));
}

test("binds in a directory that only its owner can enter, and publishes with mode 0600", async () => {
  const directory = await scratchDirectory();
  const path = join(directory, "s.sock");
  await claimSocket(path, async (bound) => {
    expect(dirname(dirname(bound))).toBe(directory);
    expect((await stat(dirname(bound))).mode & 0o777).toBe(0o700);
    await listen(bound);
    expect(await readdir(directory)).not.toContain("s.sock");
  });
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect(await readdir(directory)).toEqual(["s.sock"]);
  expect(await isListening(path)).toBe(true);
});

test("replaces the socket of a dead process", async () => {
  const path = join(await scratchDirectory(), "s.sock");
  await leaveStale(path);
  expect(await isListening(path)).toBe(false);
  await claim(path);
  expect(await isListening(path)).toBe(true);
});

test("refuses a path on which somebody listens, and leaves it be", async () => {
  const directory = await scratchDirectory();
  const path = join(directory, "s.sock");
  await claim(path);
  expect((await failureOf(claim(path))).code).toBe("in-use");
  expect(await isListening(path)).toBe(true);
  expect(await readdir(directory)).toEqual(["s.sock"]);
});

test("gives a free path to one of many that want it at once, and a stale one to one of two", async () => {
  for (const { isStale, count } of [
    { isStale: false, count: 8 },
    { isStale: true, count: 2 },
  ]) {
    const directory = await scratchDirectory();
    const path = join(directory, "s.sock");
    if (isStale) await leaveStale(path);
    const results = await Promise.allSettled(Array.from({ length: count }, () => claim(path)));
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect(await isListening(path)).toBe(true);
    expect(await readdir(directory)).toEqual(["s.sock"]);
  }
});

test("never removes what is no socket", async () => {
  const path = join(await scratchDirectory(), "notes.txt");
  await writeFile(path, "mine");
  expect((await failureOf(claim(path))).code).toBe("already-exists");
  expect(await readFile(path, "utf8")).toBe("mine");
});

test("releases its own name only", async () => {
  const directory = await scratchDirectory();
  const path = join(directory, "s.sock");
  const first = await claim(path);
  await first.release();
  expect(await readdir(directory)).toEqual([]);
  await claim(path);
  await first.release();
  expect(await isListening(path)).toBe(true);
});

test("says what is wrong with a path", async () => {
  const directory = await scratchDirectory();
  const missing = await failureOf(claim(join(directory, "missing", "s.sock")));
  expect(missing).toMatchObject({
    code: "not-found",
    message: `no directory ${join(directory, "missing")} for the socket`,
  });
  expect(() => checkedSocketPath(`/${"x".repeat(SOCKET_PATH_BYTES_MAX)}`)).toThrow("at most");
  expect(checkedSocketPath("a/../s.sock")).toBe(join(process.cwd(), "s.sock"));
});
