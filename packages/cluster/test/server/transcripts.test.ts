import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { playTranscript } from "../etcd/transcript.ts";
import { startOneMember } from "./one-member.ts";

test.each(["auth.txt", "lock-election.txt"])("a member answers as etcd in %s", async (name) => {
  const transcript = readFileSync(new URL(`../transcripts/${name}`, import.meta.url), "utf8");
  await using one = await startOneMember();
  expect(await playTranscript(transcript, one.client)).toBe(transcript);
});
