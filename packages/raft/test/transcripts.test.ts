/**
 * The transcripts in `transcripts/`, run as they stand there. `UPDATE_TRANSCRIPTS=1` writes what comes of them into them,
 * for a diff that somebody reads.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { renderTranscript } from "./harness/transcript.ts";

const folder = join(import.meta.dirname, "transcripts");
const names = readdirSync(folder).filter((name) => name.endsWith(".txt"));

it.each(names)("%s comes out as it is written", (name) => {
  const file = join(folder, name);
  const written = readFileSync(file, "utf8");
  const rendered = renderTranscript(written);
  if (process.env["UPDATE_TRANSCRIPTS"]) writeFileSync(file, rendered);
  else expect(rendered).toBe(written);
});
