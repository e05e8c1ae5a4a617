/** What goes wrong at a command line, and how it is told: one line on stderr, and an exit code. */
import { LatticeError, type ErrorCode } from "@lattice/model";
import { plainPaint, type Paint } from "./print/paint.ts";
import { oneLine } from "./print/text.ts";

export const EXIT_FAILURE = 1;
const EXIT_USAGE = 2;

/** The words of the command line make no sense; nothing was asked of any node. */
export class UsageError extends LatticeError {
  constructor(message: string, usage?: string) {
    const stop = message.endsWith("?") ? "" : ";";
    super("invalid-argument", usage === undefined ? message : `${message}${stop} usage: ${usage}`);
  }
}

/** Its text has been told already, where it happened; what is left of it is the exit code. */
export class ToldError extends LatticeError {
  constructor(cause: LatticeError) {
    super(cause.code, cause.message, { cause });
  }
}

export interface ErrorDocument {
  readonly error: { readonly code: ErrorCode; readonly message: string; readonly line?: number };
}

export function exitCodeOf(error: unknown): number {
  return error instanceof UsageError ? EXIT_USAGE : EXIT_FAILURE;
}

/** `line` is the number of the line in a script. */
export function formatError(
  error: unknown,
  options: { json: boolean; line?: number; paint?: Paint },
): string {
  const { code, message } = LatticeError.from(error);
  const text = oneLine(message);
  if (options.json) {
    const at = options.line === undefined ? {} : { line: options.line };
    return JSON.stringify({ error: { code, message: text, ...at } } satisfies ErrorDocument);
  }
  const mark = (options.paint ?? plainPaint)("error", "error:");
  return options.line === undefined ? `${mark} ${text}` : `${mark} line ${options.line}: ${text}`;
}
