/**
 * Errors as HTTP carries them: `application/problem+json` (RFC 9457), with the code, the line and the details that the same
 * error has on every other surface.
 */
import { STATUS_CODES, type ServerResponse } from "node:http";
import { HTTP_STATUS_OF_CODE, callError, oneLine } from "@lattice/api";
import { LatticeError, type ErrorCode } from "@lattice/model";

export interface Problem {
  /** What HTTP calls the status. */
  readonly title: string;
  readonly status: number;
  /** One of the closed set of `@lattice/model`. */
  readonly code: ErrorCode;
  /** One line: what was wrong and what to do. */
  readonly detail: string;
  /** Whether the same call may succeed later without anybody changing it. */
  readonly retry: boolean;
  readonly details?: Readonly<Record<string, string>>;
}

/** What is wrong with a request as HTTP, before it is a call of anything: the status says more than a code could. */
export class HttpError extends LatticeError {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    code: ErrorCode,
    message: string,
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(code, message);
    this.status = status;
    this.headers = headers;
  }
}

export function problemOf(error: unknown): Problem {
  const failure = callError(error);
  const { code, details, retry } = failure;
  const status = failure instanceof HttpError ? failure.status : HTTP_STATUS_OF_CODE[code];
  return {
    title: titleOf(status),
    status,
    code,
    detail: oneLine(failure.message),
    retry,
    ...(Object.keys(details).length === 0 ? {} : { details }),
  };
}

/** nginx's name for a caller that went away; nobody reads it. */
function titleOf(status: number): string {
  return STATUS_CODES[status] ?? "Client Closed Request";
}

/** Does nothing where the answer has begun already. `asText`: only the line, for a person who looks at it. */
export function sendProblem(
  response: ServerResponse,
  error: unknown,
  { asText = false }: { asText?: boolean } = {},
): Problem {
  const problem = problemOf(error);
  if (response.headersSent || response.destroyed) return problem;
  const body = `${asText ? problem.detail : JSON.stringify(problem)}\n`;
  response.writeHead(problem.status, {
    ...(error instanceof HttpError ? error.headers : {}),
    "content-type": `${asText ? "text/plain" : "application/problem+json"}; charset=utf-8`,
    "content-length": Buffer.byteLength(body),
    "cache-control": "no-store",
  });
  response.end(body);
  return problem;
}
