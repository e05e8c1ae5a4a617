/** The built command, as a user runs it. `pnpm build` comes first; without it there is nothing to test here. */
import { spawn, spawnSync, type ChildProcessWithoutNullStreams } from "node:child_process";
import { accessSync, closeSync, constants, existsSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { once } from "node:events";
import { describe, expect, onTestFinished, test } from "vitest";

const ENTRY = join(import.meta.dirname, "../dist/lattice.js");

function dataDirectory(): string {
  const path = mkdtempSync(join(tmpdir(), "lattice-built-"));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

function lattice(data: string, argv: readonly string[], input = "") {
  const { status, stdout, stderr } = spawnSync(process.execPath, [ENTRY, "--data", data, ...argv], {
    input,
    encoding: "utf8",
  });
  return { code: status, out: stdout, err: stderr };
}

async function startDaemon(data: string): Promise<ChildProcessWithoutNullStreams> {
  const daemon = spawn(process.execPath, [
    ENTRY,
    "--data",
    data,
    "--daemon",
    "--listen",
    "127.0.0.1",
    "--no-web",
  ]);
  onTestFinished(() => void daemon.kill("SIGKILL"));
  const [line] = (await once(daemon.stdout, "data")) as [Buffer];
  expect(line.toString()).toMatch(new RegExp(`^lattice: node [0-9a-f]{8} ready, data ${data}\n$`));
  return daemon;
}

describe.skipIf(!existsSync(ENTRY))("the built command", () => {
  test("is executable, and explains itself", () => {
    accessSync(ENTRY, constants.X_OK);
    expect(spawnSync(process.execPath, [ENTRY, "--help"], { encoding: "utf8" })).toMatchObject({
      status: 0,
      stderr: "",
    });
  });

  test("runs a script on a node of its own, and finds everything again", () => {
    const data = dataDirectory();
    const script = "store create --root\nput hello world\nget hello\n";
    expect(lattice(data, ["--embedded"], script)).toEqual({ code: 0, out: "world\n", err: "" });
    expect(lattice(data, ["--embedded", "get", "hello"])).toEqual({ code: 0, out: "world\n", err: "" });
  });

  test.skipIf(!existsSync("/dev/full"))(
    "fails where its answer finds no room (skipped without /dev/full)",
    () => {
      const full = openSync("/dev/full", "w");
      onTestFinished(() => closeSync(full));
      const { status, stderr } = spawnSync(process.execPath, [ENTRY, "--help"], {
        encoding: "utf8",
        stdio: ["ignore", full, "pipe"],
      });
      expect({ status, stderr }).toEqual({
        status: 1,
        stderr: "error: the answer cannot be written: ENOSPC: no space left on device, write\n",
      });
    },
  );

  test("is no node for clusters at what is no endpoint", () => {
    expect(lattice(dataDirectory(), ["--embedded", "--endpoints", "a:b:c", "node", "status"])).toEqual({
      code: 1,
      out: "",
      err: 'error: "a:b:c" is no endpoint; write HOST:PORT, http://HOST:PORT or https://HOST:PORT\n',
    });
  });

  test("is a daemon also where nobody reads what it prints any more", async () => {
    const data = dataDirectory();
    const words = [ENTRY, "--data", data, "--daemon", "--listen", "127.0.0.1", "--web", "0"];
    const daemon = spawn(process.execPath, words);
    onTestFinished(() => void daemon.kill("SIGKILL"));
    daemon.stdout.destroy();
    let log = "";
    daemon.stderr.on("data", (part: Buffer) => (log += part.toString()));
    while (!log.includes("node started")) await once(daemon.stderr, "data");
    expect(lattice(data, ["store", "list"])).toEqual({ code: 0, out: "", err: "" });
    daemon.kill("SIGTERM");
    expect(await once(daemon, "close")).toEqual([0, null]);
    expect(log).toContain("node stops");
  });

  test("serves commands from a daemon, which ends in good order", async () => {
    const data = dataDirectory();
    const daemon = await startDaemon(data);
    const created = lattice(data, ["store", "create", "--root"]);
    expect(created).toMatchObject({ code: 0, err: "" });
    expect(lattice(data, ["put", "hello", "world", "--store", created.out.trim()])).toMatchObject({
      code: 0,
    });
    expect(lattice(data, ["get", "hello", "--json"]).out).toBe('{"value":"world","conflicted":false}\n');
    expect(lattice(data, ["get", "nothing"])).toEqual({ code: 1, out: "", err: "error: not found\n" });
    expect(lattice(data, ["put"])).toMatchObject({ code: 2, out: "" });
    expect(lattice(data, ["--daemon"])).toMatchObject({ code: 1, out: "" });
    daemon.kill("SIGTERM");
    expect(await once(daemon, "exit")).toEqual([0, null]);
    expect(lattice(data, ["get", "hello"]).err).toContain("lattice --daemon");
  });
});
