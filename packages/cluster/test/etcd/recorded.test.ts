import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { hasEtcd, startEtcd } from "./etcd-process.ts";
import { playTranscript } from "./transcript.ts";

const DIRECTORY = new URL("../transcripts/", import.meta.url);

/** Where there is an etcd to ask: what stands in the transcripts is what it says. With `-u` they are written anew. */
describe.runIf(hasEtcd)("etcd itself answers", () => {
  test.each(readdirSync(DIRECTORY))("as in %s", async (name) => {
    const file = new URL(name, DIRECTORY);
    const transcript = readFileSync(file, "utf8");
    await using etcd = await startEtcd();
    await expect(await playTranscript(transcript, etcd.client)).toMatchFileSnapshot(file.pathname);
  });
});
