/** What a call fails with, whatever was thrown: one `LatticeError` with one line of text. */
import { LatticeError } from "@lattice/model/errors";
import { ERROR_TEXT_LENGTH_MAX } from "./limits.ts";

/** A `LatticeError` passes through. What is not one keeps its first line, and never its stack. */
export function callError(error: unknown): LatticeError {
  if (error instanceof LatticeError) return error;
  const name = error instanceof Error ? error.name : "";
  if (name === "AbortError") return new LatticeError("cancelled", "the call was cancelled", { cause: error });
  if (name === "TimeoutError") return new LatticeError("timeout", "the call took too long", { cause: error });
  const text = error instanceof Error ? error.message : String(error);
  return new LatticeError("internal", oneLine(text.split(/[\r\n]/, 1)[0]!) || "internal error", {
    cause: error,
  });
}

/** Whoever aborts with a `LatticeError` chooses what the call fails with. */
export function abortError(signal: AbortSignal): LatticeError {
  const reason: unknown = signal.reason;
  if (reason instanceof LatticeError) return reason;
  if (reason instanceof Error && reason.name === "TimeoutError") return callError(reason);
  return new LatticeError("cancelled", "the call was cancelled", { cause: reason });
}

/** No control characters, well-formed, and of bounded length: safe in a header and on a terminal. */
export function oneLine(text: string): string {
  const line = text.toWellFormed().replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, " ");
  return line.length <= ERROR_TEXT_LENGTH_MAX
    ? line
    : `${line.slice(0, ERROR_TEXT_LENGTH_MAX - 1).toWellFormed()}…`;
}
