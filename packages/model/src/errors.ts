/**
 * The one error that crosses an asynchronous or public edge.
 *
 * The set of codes is closed: each surface (gRPC, HTTP, command line) maps all of them by a total
 * table, so the compiler finds the one that was forgotten.
 */
export const ERROR_CODES = [
  "invalid-argument",
  "not-found",
  "ambiguous",
  "already-exists",
  "failed-precondition",
  "unauthenticated",
  "permission-denied",
  "invite-invalid",
  "invite-expired",
  "invite-used",
  "too-large",
  "conflict",
  "disk-full",
  "corrupt",
  "in-use",
  "unavailable",
  "resource-exhausted",
  "cancelled",
  "timeout",
  "unsupported-schema",
  "unimplemented",
  "closed",
  "internal",
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

/** Codes after which the same call may succeed later, without anybody changing it. */
const RETRYABLE: ReadonlySet<ErrorCode> = new Set([
  "disk-full",
  "in-use",
  "unavailable",
  "resource-exhausted",
  "timeout",
]);

export interface LatticeErrorOptions {
  /** Facts for a program: never a secret, never a body. */
  readonly details?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

/** Marks errors of every copy of this package in the process. */
const BRAND = Symbol.for("lattice.error");

/**
 * `message` is one line that says what was wrong and, where there is something to do, what.
 *
 * `instanceof LatticeError` also holds for the errors of another copy of this package, such as the one that a store type
 * brings along; with a code that this copy does not know, it is an error like any other.
 */
export class LatticeError extends Error {
  override readonly name = "LatticeError";
  readonly code: ErrorCode;
  readonly details: Readonly<Record<string, string>>;

  constructor(code: ErrorCode, message: string, options: LatticeErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details ?? {};
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    // A subclass inherits this, and means itself.
    return this === LatticeError ? isBranded(value) : super[Symbol.hasInstance](value);
  }

  get [BRAND](): true {
    return true;
  }

  get retry(): boolean {
    return RETRYABLE.has(this.code);
  }

  /** Wraps whatever was caught; a `LatticeError` passes through. */
  static from(error: unknown): LatticeError {
    if (error instanceof LatticeError) return error;
    if (error instanceof Error && error.name === "AbortError") {
      return new LatticeError("cancelled", "the call was cancelled", { cause: error });
    }
    const text = error instanceof Error ? error.message : String(error);
    return new LatticeError("internal", text, { cause: error });
  }
}

function isBranded(value: unknown): boolean {
  if (!(value instanceof Error)) return false;
  const { [BRAND]: brand, code } = value as { [BRAND]?: unknown; code?: unknown };
  return brand === true && typeof code === "string" && isErrorCode(code);
}

export function isErrorCode(text: string): text is ErrorCode {
  return (ERROR_CODES as readonly string[]).includes(text);
}
