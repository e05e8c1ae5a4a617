/** How a browser gets its cookie: by one visit of a link, or by showing the token; and how it gives it back. */
import { requireMethod, sendJson, type Exchange } from "./exchange.ts";
import type { Guard } from "./guard.ts";
import { COOKIE_S } from "./limits.ts";
import { HttpError } from "./problem.ts";
import type { Secrets } from "./secrets.ts";

export const SESSION_PATH = "/api/session";

export class Sessions {
  readonly #guard: Guard;
  readonly #secrets: Secrets;

  constructor(guard: Guard, secrets: Secrets) {
    this.#guard = guard;
    this.#secrets = secrets;
  }

  /** `/?token=…`: a link's code or the token itself. Sends the browser on to the page, without either in its address. */
  visit(exchange: Exchange): void {
    requireMethod(exchange, "GET", "HEAD");
    const { request, response, query } = exchange;
    const given = query.get("token") ?? "";
    const isGood = this.#secrets.isToken(given) || this.#secrets.useCode(given);
    // Browsers visit some links beforehand, and people twice.
    if (!isGood && !this.#guard.hasCookie(request)) {
      throw new HttpError(
        401,
        "unauthenticated",
        'this link has been used, or is too old: "lattice node link" prints another one',
      );
    }
    if (isGood) response.setHeader("set-cookie", this.#cookie(this.#secrets.cookie, COOKIE_S));
    response.writeHead(303, { location: "/", "cache-control": "no-store", "content-length": 0 });
    response.end();
  }

  /** The caller has been checked already. */
  handle(exchange: Exchange): void {
    requireMethod(exchange, "GET", "POST", "DELETE");
    const { request, response } = exchange;
    if (request.method === "GET") {
      sendJson(exchange, {});
      return;
    }
    const isLeaving = request.method === "DELETE";
    response.setHeader(
      "set-cookie",
      isLeaving ? this.#cookie("", 0) : this.#cookie(this.#secrets.cookie, COOKIE_S),
    );
    response.writeHead(204, { "cache-control": "no-store" });
    response.end();
  }

  #cookie(value: string, maxAgeS: number): string {
    return `${this.#guard.cookieName}=${value}; Path=/; Max-Age=${maxAgeS}; HttpOnly; SameSite=Strict`;
  }
}
