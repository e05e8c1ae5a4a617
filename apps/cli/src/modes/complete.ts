/**
 * `lattice __complete SHELL …`: what a shell asks when somebody presses Tab. Never fails and never complains: whoever types
 * must not be disturbed.
 *
 *   bash       takes the line up to the cursor; gives what replaces the part that bash calls the word, quoted
 *   zsh        takes the words up to the cursor as they were typed; gives words as they are meant, a tab and what they are
 *   fish       the same, but only the last word comes as it was typed, the others as they are meant
 */
import { existsSync } from "node:fs";
import { candidates, typedWords, type Candidate, type TypedWords } from "../completion.ts";
import { streamConsole } from "../console.ts";
import { takeFlags } from "../flags.ts";
import { LINE_FLAGS, PROCESS_FLAGS, type Invocation } from "../invocation.ts";
import { defaultDataDirectory, socketPath } from "../node-access.ts";
import { oneLine } from "../print/text.ts";
import { Session } from "../session.ts";
import { StateFiles } from "../state-files.ts";
import { quoteForShell, splitWords } from "../tokenizer.ts";
import type { World } from "../world.ts";

export async function runComplete(world: World, { words: asked }: Invocation): Promise<number> {
  const [shell, ...rest] = asked;
  const line = shell === "bash" ? (rest[0] ?? "") : undefined;
  const meant = rest.map((word, at) => (shell === "zsh" || at === rest.length - 1 ? unquoted(word) : word));
  const words = line === undefined ? wordsOf(meant) : withoutProgram(typedWords(line));
  try {
    const found = await candidatesIn(world, { ...words, flags: PROCESS_FLAGS });
    const console = streamConsole(world);
    for (const candidate of found)
      console.out(line === undefined ? withHelp(candidate) : bashWord(line, words.last, candidate));
  } catch {
    // Then there is nothing to offer.
  }
  return 0;
}

/** Of one word, in which a quote may still be open. */
function unquoted(word: string): string {
  return splitWords(word).words[0] ?? "";
}

function wordsOf(words: readonly string[]): TypedWords {
  return { before: words.slice(0, -1), last: words.at(-1) ?? "" };
}

function withoutProgram({ before, last }: TypedWords): TypedWords {
  return { before: before.slice(1), last };
}

async function candidatesIn(world: World, typed: TypedWords): Promise<readonly Candidate[]> {
  const { data, store } = placeOf(typed.before);
  const dataDirectory = data ?? defaultDataDirectory(world.env);
  const console = streamConsole(world);
  const session = new Session({
    mode: "one-shot",
    console,
    json: false,
    verbose: false,
    bytes: "text",
    raw: false,
    dataDirectory,
    typedBefore: [],
    env: world.env,
    store: store ?? (world.env["LATTICE_STORE"] || undefined),
    files: new StateFiles(dataDirectory),
    connect: async () => {
      // Where no node runs, what it takes to speak to one need not be loaded.
      if (!existsSync(socketPath(dataDirectory))) throw new Error("no node");
      return world.node.connect(dataDirectory);
    },
    reflect: (descriptors) => world.node.reflect(descriptors),
  });
  try {
    return await candidates(typed, session);
  } finally {
    await session.close();
  }
}

function placeOf(before: readonly string[]): { data: string | undefined; store: string | undefined } {
  try {
    const { values } = takeFlags(before, [...PROCESS_FLAGS, ...LINE_FLAGS]);
    return { data: values.get("data")?.[0], store: values.get("store")?.[0] };
  } catch {
    return { data: undefined, store: undefined };
  }
}

function withHelp({ word, help }: Candidate): string {
  return help === "" ? oneLine(word) : `${oneLine(word)}\t${oneLine(help)}`;
}

/** Bash begins a word anew behind "=" and ":", and inside of an open quote. */
function bashWord(line: string, typed: string, { word }: Candidate): string {
  const { open } = splitWords(line);
  if (open === "'" || open === '"') return word;
  const at = Math.max(typed.lastIndexOf("="), typed.lastIndexOf(":")) + 1;
  const rest = word.slice(at);
  return rest.endsWith("=") ? rest : quoteForShell(rest);
}
