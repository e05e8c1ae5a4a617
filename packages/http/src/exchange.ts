/** One request and the answer to it. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { TARGET_LENGTH_MAX } from "./limits.ts";
import { HttpError } from "./problem.ts";

export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Decoded; begins with a slash. */
  readonly path: string;
  readonly query: URLSearchParams;
}

/** Throws 400 and 414. */
export function exchangeOf(request: IncomingMessage, response: ServerResponse): Exchange {
  const target = request.url ?? "";
  if (target.length > TARGET_LENGTH_MAX) {
    throw new HttpError(
      414,
      "too-large",
      "the request target is too long: send the message as the body of a POST",
    );
  }
  // Another form is for proxies, which this is not.
  if (!target.startsWith("/")) throw malformedTarget();
  const mark = target.indexOf("?");
  const path = mark < 0 ? target : target.slice(0, mark);
  return {
    request,
    response,
    path: decodePath(path),
    query: new URLSearchParams(mark < 0 ? "" : target.slice(mark + 1)),
  };
}

function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw malformedTarget();
  }
}

function malformedTarget(): HttpError {
  return new HttpError(
    400,
    "invalid-argument",
    "the request target is malformed: it is a path, then a query",
  );
}

/** 405, with what is allowed. */
export function requireMethod({ request }: Exchange, ...allowed: readonly string[]): void {
  if (allowed.includes(request.method ?? "")) return;
  const list = allowed.join(", ");
  throw new HttpError(405, "invalid-argument", `${request.method} is not possible here: use ${list}`, {
    allow: list,
  });
}

export function header({ request }: Exchange, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

export function sendJson({ response }: Exchange, value: unknown): void {
  send(response, "application/json; charset=utf-8", `${JSON.stringify(value)}\n`);
}

export function sendText({ response }: Exchange, text: string, type = "text/plain; charset=utf-8"): void {
  send(response, type, text);
}

function send(response: ServerResponse, type: string, body: string | Uint8Array): void {
  response.writeHead(response.statusCode, {
    "content-type": type,
    "content-length": Buffer.byteLength(body),
    "cache-control": "no-store",
  });
  response.end(body);
}
