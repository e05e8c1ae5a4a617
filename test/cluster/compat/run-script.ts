/** A script against a new cluster of one program. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ServerProgram } from "../../../packages/testkit/src/clusters/index.ts";
import type { Script } from "./script.ts";
import { Side } from "./side.ts";
import type { Transcript } from "./transcript.ts";

export interface Ran {
  readonly transcript: Transcript;
  /** Why it did not come to its end: on both sides alike, that would not be seen. */
  readonly failure: unknown;
}

export async function runScript(script: Script, program: ServerProgram): Promise<Ran> {
  const directory = mkdtempSync(join(tmpdir(), "lattice-compat-"));
  try {
    await using side = await Side.start(program, directory);
    try {
      await script.run(side);
      return { transcript: side.transcript, failure: undefined };
    } catch (failure) {
      return { transcript: side.transcript, failure };
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
