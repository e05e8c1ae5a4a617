/** Asks whoever sits at the terminal for what must not be seen on it. */
import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import { LatticeError } from "@lattice/model";
import type { World } from "./world.ts";

/** One answer for each prompt. Throws `cancelled` at Ctrl-C, Ctrl-D or the signal. */
export async function askSecretly(
  { input, errors }: Pick<World, "input" | "errors">,
  prompts: readonly string[],
  signal: AbortSignal,
): Promise<readonly string[]> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const reader = createInterface({ input, output: nowhere, terminal: true, historySize: 0, signal });
  const lines = reader[Symbol.asyncIterator]();
  const answers: string[] = [];
  try {
    for (const prompt of prompts) {
      errors.write(prompt);
      const line = await lines.next();
      errors.write("\n");
      if (line.done === true) throw new LatticeError("cancelled", "nothing was answered");
      answers.push(line.value);
    }
  } finally {
    reader.close();
  }
  return answers;
}
