/**
 * `lattice - < script`, and whatever is piped in: line by line up to the first that fails. Where streams run at the
 * end, the script lasts as long as they do.
 */
import { createInterface } from "node:readline";
import { EXIT_FAILURE, formatError } from "../errors.ts";
import { asksForJson, runWords } from "../run-line.ts";
import type { Session } from "../session.ts";
import { aborted, stopOnSignal } from "../signals.ts";
import { isUnfinished, joinLines, tokenize } from "../tokenizer.ts";
import type { World } from "../world.ts";

export async function runScript(world: World, session: Session): Promise<number> {
  using stopping = stopOnSignal(world);
  const { signal } = stopping;
  const lines = createInterface({ input: world.input, terminal: false, crlfDelay: Infinity, signal });
  let number = 0;
  let begun: string | undefined;
  let first = 0;
  for await (const line of lines) {
    number++;
    if (begun === undefined) first = number;
    begun = joinLines(begun, line);
    if (isUnfinished(begun)) continue;
    if (!(await runLine(session, { text: begun, number: first, signal }))) return EXIT_FAILURE;
    if (session.hasQuit) return 0;
    begun = undefined;
  }
  if (begun !== undefined && !(await runLine(session, { text: begun, number: first, signal })))
    return EXIT_FAILURE;
  // It was broken off while more was to come.
  if (signal.aborted) return EXIT_FAILURE;
  await Promise.race([session.subscriptions.ended(), aborted(signal)]);
  return 0;
}

/** Returns whether it went well; tells what did not. */
async function runLine(
  session: Session,
  { text, number, signal }: { text: string; number: number; signal: AbortSignal },
): Promise<boolean> {
  let words: readonly string[] = [];
  try {
    words = tokenize(text);
    await runWords(session, words, signal);
    return true;
  } catch (error) {
    const { console } = session.options;
    const json = asksForJson(session, words);
    console.err(formatError(error, { json, line: number, paint: console.paintError }));
    return false;
  }
}
