/** The errors of a node as HTTP carries them: `application/problem+json`. */
import { oneLine } from "@lattice/api/calling";
import { isErrorCode, LatticeError, type ErrorCode } from "@lattice/model/errors";

/** Takes whatever the other side sent; `otherwise` is what it is called where it is no problem of a node. */
export function decodeProblem(text: string, otherwise: { code: ErrorCode; message: string }): LatticeError {
  const document = parsed(text);
  const { code, detail } = document;
  if (typeof code !== "string" || typeof detail !== "string") {
    return new LatticeError(otherwise.code, otherwise.message);
  }
  // A newer node may have a code that this client does not know.
  const known: ErrorCode = isErrorCode(code) ? code : "internal";
  return new LatticeError(known, oneLine(detail), { details: texts(document["details"]) });
}

function parsed(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function texts(value: unknown): Record<string, string> {
  if (typeof value !== "object" || value === null) return {};
  const entries = Object.entries(value).filter(
    (entry): entry is [string, string] => typeof entry[1] === "string",
  );
  return Object.fromEntries(entries);
}
