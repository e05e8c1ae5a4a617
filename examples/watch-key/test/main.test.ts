import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, methodsOfStore, type LatticeClient } from "@lattice/api";
import { KvStoreClient } from "@lattice/kvstore";
import { openRuntime, socketPath } from "@lattice/runtime";
import { expect, onTestFinished, test } from "vitest";

const MAIN = join(import.meta.dirname, "../src/main.ts");
const OPTIONS = ["--experimental-transform-types", "--no-warnings", "--conditions=@lattice/source"];
const bytes = (text: string) => new TextEncoder().encode(text);

function temporaryDirectory(): string {
  const path = mkdtempSync(join(tmpdir(), "lattice-watch-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

interface Watching {
  readonly child: ChildProcess;
  until(text: string): Promise<void>;
}

function startExample(...words: string[]): Watching {
  const child = spawn(process.execPath, [...OPTIONS, MAIN, ...words], { stdio: ["ignore", "pipe", "pipe"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  let [said, errors] = ["", ""];
  let look = (): void => undefined;
  child.stdout.on("data", (piece: Buffer) => {
    said += String(piece);
    look();
  });
  child.stderr.on("data", (piece: Buffer) => (errors += String(piece)));
  const until = (text: string): Promise<void> =>
    new Promise((resolve, reject) => {
      look = () => {
        if (said.includes(text)) resolve();
      };
      child.once("exit", () => reject(new Error(`it ended, having said: ${said}${errors}`)));
      look();
    });
  return { child, until };
}

/** How it ends when it is told to: its exit code, and the signal that has ended it. */
async function leave({ child }: Watching): Promise<unknown[]> {
  const exited = once(child, "exit");
  child.kill("SIGINT");
  return await exited;
}

async function changeColor(client: LatticeClient, watching: Watching): Promise<void> {
  const [store] = (await client.store.list({})).stores;
  const methods = methodsOfStore(client, {
    store: Buffer.from(store!.id).toString("hex"),
    service: KvStoreClient,
  });
  await methods.put({ key: bytes("color"), value: bytes("red") });
  await watching.until("color is red\n");
  await methods.put({ key: bytes("other"), value: bytes("x") });
  await methods.delete({ key: bytes("color") });
  await watching.until("color is red\ncolor is gone\n");
}

test("tells what becomes of a key at a node in another process", async () => {
  const dataDirectory = temporaryDirectory();
  await using node = await openRuntime({ dataDirectory, listen: [{ host: "127.0.0.1" }] });
  await node.client.store.create({ name: "notes" });
  const watching = startExample(dataDirectory, "color");
  await watching.until("watching\n");
  await changeColor(node.client, watching);
  expect(await leave(watching)).toEqual([0, null]);
});

test("tells the same at a node of its own", async () => {
  const dataDirectory = temporaryDirectory();
  const watching = startExample(dataDirectory, "color", "--here");
  await watching.until("watching\n");
  await using client = await connect(socketPath(dataDirectory));
  await changeColor(client, watching);
  expect(await leave(watching)).toEqual([0, null]);
});
