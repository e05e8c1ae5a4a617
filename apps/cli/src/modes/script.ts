/**
 * `lattice - < script`, and whatever is piped in: line by line up to the first that fails. Where streams run at the
 * end, the script lasts as long as they do.
 */
import { createInterface } from "node:readline";
import { EXIT_FAILURE, formatError } from "../errors.ts";
import { asksForJson, runWords } from "../run-line.ts";
import type { Session } from "../session.ts";
import { aborted, stopOnSignal } from "../signals.ts";
import { tokenize } from "../tokenizer.ts";
import type { World } from "../world.ts";

export async function runScript(world: World, session: Session): Promise<number> {
  using stopping = stopOnSignal(world);
  const { signal } = stopping;
  const lines = createInterface({ input: world.input, terminal: false, crlfDelay: Infinity, signal });
  let number = 0;
  for await (const line of lines) {
    number++;
    let words: readonly string[] = [];
    try {
      words = tokenize(line);
      await runWords(session, words, signal);
    } catch (error) {
      const json = asksForJson(session, words);
      session.options.console.err(formatError(error, { json, line: number }));
      return EXIT_FAILURE;
    }
    if (session.hasQuit) return 0;
  }
  // It was broken off while more was to come.
  if (signal.aborted) return EXIT_FAILURE;
  await Promise.race([session.subscriptions.ended(), aborted(signal)]);
  return 0;
}
