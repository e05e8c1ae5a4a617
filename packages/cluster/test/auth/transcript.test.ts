import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { playTranscript } from "../etcd/transcript.ts";
import { AuthWorld } from "./auth-world.ts";

const transcript = readFileSync(new URL("../transcripts/auth.txt", import.meta.url), "utf8");

test("users and roles answer as etcd's do", async () => {
  const world = new AuthWorld();
  const call = (path: string, request: Uint8Array, token: string | undefined) =>
    world.call(path.split("/").at(-1)!, request, { token });
  expect(await playTranscript(transcript, { call })).toBe(transcript);
});
