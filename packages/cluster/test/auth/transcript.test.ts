import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { AuthWorld } from "./auth-world.ts";
import { hasEtcd, startEtcd } from "./etcd-process.ts";
import { playTranscript } from "./transcript.ts";

const FILE = new URL("../transcripts/auth.txt", import.meta.url);
const transcript = readFileSync(FILE, "utf8");

test("users and roles answer as etcd's do", async () => {
  const world = new AuthWorld();
  const call = (path: string, request: Uint8Array, token: string | undefined) =>
    world.call(path.split("/").at(-1)!, request, { token });
  expect(await playTranscript(transcript, { call })).toBe(transcript);
});

test.runIf(hasEtcd)("etcd itself does", async () => {
  await using etcd = await startEtcd();
  await expect(await playTranscript(transcript, etcd)).toMatchFileSnapshot(FILE.pathname);
});
