/**
 * Splits a line into words as a POSIX shell does: blanks separate; '…' takes everything literally; in "…" a backslash
 * only escapes " and itself; outside quotes it escapes any character. There are no variables and no globs.
 */
import { UsageError } from "./errors.ts";

export interface Split {
  readonly words: readonly string[];
  /** Where the last word starts in the line; the line's length behind a blank. */
  readonly lastStart: number;
  /** The quote that is still open at the end. */
  readonly open?: "'" | '"' | "\\";
}

const BLANK = /\s/;

/** Never throws, so that it serves a line that is still being typed; its last word is then what is there so far. */
export function splitWords(line: string): Split {
  const words: string[] = [];
  let word: string | undefined;
  let start = line.length;
  let quote: "'" | '"' | undefined;
  for (let at = 0; at < line.length; at++) {
    const character = line[at]!;
    if (quote === undefined && BLANK.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
      continue;
    }
    if (word === undefined) {
      word = "";
      start = at;
    }
    if (quote === undefined && (character === "'" || character === '"')) {
      quote = character;
    } else if (character === quote) {
      quote = undefined;
    } else if (character === "\\" && quote !== "'") {
      const next = line[at + 1];
      if (next === undefined) return { words: [...words, word], lastStart: start, open: "\\" };
      if (quote === '"' && next !== '"' && next !== "\\") word += character;
      word += next;
      at++;
    } else {
      word += character;
    }
  }
  const lastStart = word === undefined ? line.length : start;
  if (word !== undefined) words.push(word);
  return quote === undefined ? { words, lastStart } : { words, lastStart, open: quote };
}

/** Whether more lines belong to it: a quote is open, or a backslash stands at the end. */
export function isUnfinished(text: string): boolean {
  return !isComment(text) && splitWords(text).open !== undefined;
}

/** What was begun, and the next line; a backslash at the end of the first is no part of it, nor is the line's end. */
export function joinLines(begun: string | undefined, line: string): string {
  if (begun === undefined) return line;
  return splitWords(begun).open === "\\" ? begun.slice(0, -1) + line : `${begun}\n${line}`;
}

function isComment(text: string): boolean {
  return text.trimStart().startsWith("#");
}

/** The words of a finished line; none for a comment. */
export function tokenize(line: string): readonly string[] {
  if (isComment(line)) return [];
  const { words, open } = splitWords(line);
  if (open === "\\") throw new UsageError("the line ends in a backslash");
  if (open !== undefined) throw new UsageError(`a quote (${open}) is not closed`);
  return words;
}

/** A word as it must be typed in a shell of the POSIX family to come out as it is. */
export function quoteForShell(word: string): string {
  if (/^[\w@%+:,./=-]+$/.test(word)) return word;
  return `'${word.replaceAll("'", "'\\''")}'`;
}

/** A word as it must be typed to come out of `tokenize` again. */
export function quoteWord(word: string): string {
  if (/^[^\s'"\\#]+$/.test(word)) return word;
  return `'${word.replaceAll("'", "'\\''")}'`;
}
