/**
 * The ```console blocks of a document, as something that can be run and compared.
 *
 * A block is what a terminal shows: lines that begin with a prompt (`lattice>`, or `lattice:a1b2>` with the id of the
 * current store) are typed, the lines below each are the answer. Two things in it stand for what differs from run to
 * run:
 *  - `…` stands for any text within a line;
 *  - a word of four or more hex digits, at least one of them a figure, stands for any such word of its length, and
 *    for the same one wherever it comes again in the block.
 */

export interface Step {
  /** As printed, such as `lattice:a1b2> `. */
  readonly prompt: string;
  readonly command: string;
  readonly answer: readonly string[];
}

export interface ConsoleBlock {
  /** Line of the document where the block begins, from 1. */
  readonly line: number;
  readonly steps: readonly Step[];
}

/** What blocks are called, and what stands before what is typed in them. */
export interface BlockKind {
  readonly language: string;
  readonly prompt: RegExp;
}

/** Of the command line's own prompt. */
const CONSOLE: BlockKind = { language: "console", prompt: /^(lattice(?::[0-9a-f]{4})?> )(.*)$/ };
/** Of a shell. */
export const SHELL: BlockKind = { language: "shell-session", prompt: /^(\$ )(.*)$/ };

/** Throws where a block is no session: everything in such a block is meant to be run. */
export function consoleBlocks(document: string, kind = CONSOLE): ConsoleBlock[] {
  const lines = document.split("\n");
  const blocks: ConsoleBlock[] = [];
  for (let at = 0; at < lines.length; at++) {
    if (lines[at] !== `\`\`\`${kind.language}`) continue;
    const end = lines.indexOf("```", at + 1);
    if (end < 0) throw new Error(`line ${at + 1}: a console block that does not end`);
    blocks.push({ line: at + 1, steps: readSteps(lines.slice(at + 1, end), { firstLine: at + 2, kind }) });
    at = end;
  }
  return blocks;
}

function readSteps(
  lines: readonly string[],
  { firstLine, kind }: { readonly firstLine: number; readonly kind: BlockKind },
): Step[] {
  const steps: { prompt: string; command: string; answer: string[] }[] = [];
  lines.forEach((line, at) => {
    const [, prompt, command] = kind.prompt.exec(line) ?? [];
    if (prompt !== undefined && command !== undefined) steps.push({ prompt, command, answer: [] });
    else if (steps.length > 0) steps.at(-1)!.answer.push(line);
    else throw new Error(`line ${firstLine + at}: a console block begins with a prompt`);
  });
  return steps;
}

/** All that the block shows, prompts and what was typed included. */
export function screenOf({ steps }: ConsoleBlock): string {
  return steps.flatMap(({ prompt, command, answer }) => [`${prompt}${command}`, ...answer]).join("\n");
}

/** Only the answers. */
export function answersOf({ steps }: ConsoleBlock): string {
  return steps.flatMap(({ answer }) => answer).join("\n");
}

const VARIABLE = /…|\b(?=[0-9a-f]*[0-9])[0-9a-f]{4,}\b/g;

/** A regular expression that accepts what `text` stands for, from beginning to end. */
export function patternOf(text: string): RegExp {
  const names = new Map<string, string>();
  let pattern = "";
  let at = 0;
  for (const match of text.matchAll(VARIABLE)) {
    pattern += escaped(text.slice(at, match.index));
    at = match.index + match[0].length;
    const name = names.get(match[0]);
    if (match[0] === "…") pattern += ".*";
    else if (name !== undefined) pattern += `\\k<${name}>`;
    else {
      names.set(match[0], `v${names.size}`);
      pattern += `(?<v${names.size - 1}>[0-9a-f]{${match[0].length}})`;
    }
  }
  return new RegExp(`^${pattern}${escaped(text.slice(at))}$`);
}

function escaped(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}
