/**
 * Who is let in. A node that listens on loopback is within reach of every page that its user's browser shows, so a request has to
 * show that it comes from somebody who knows the token, and from no page but the node's own.
 *
 * Invariants
 *  1. The Host is one of this server's own names, with its port: a name that an attacker's DNS points here is refused.
 *  2. An Origin, where there is one, is the very one that was called. There is no CORS: no other page reads an answer.
 *  3. A cookie counts only with the browser's word that the request comes from the node's own page (`Sec-Fetch-Site`, `Origin`, or
 *     where neither is sent, `Referer`): cookies do not care for ports, and other programs on this machine serve pages, too.
 *     A request with the token needs no such word, since no browser adds that by itself.
 */
import type { IncomingMessage } from "node:http";
import { HttpError } from "./problem.ts";
import type { Secrets } from "./secrets.ts";

export class Guard {
  readonly #port: number;
  readonly #secrets: Secrets;
  readonly #hosts: ReadonlySet<string>;

  constructor(port: number, secrets: Secrets) {
    this.#port = port;
    this.#secrets = secrets;
    const names = ["localhost", "127.0.0.1", "[::1]"];
    // The port of plain HTTP is left out of a Host.
    this.#hosts = new Set(names.flatMap((name) => [`${name}:${port}`, ...(port === 80 ? [name] : [])]));
  }

  get cookieName(): string {
    return `lattice-${this.#port}`;
  }

  /** For every request. Throws 403. */
  checkHost({ headers }: IncomingMessage): void {
    if (this.#hosts.has(headers.host?.toLowerCase() ?? "")) return;
    throw new HttpError(
      403,
      "permission-denied",
      `this node is called localhost:${this.#port}, 127.0.0.1:${this.#port} or [::1]:${this.#port}, and nothing else`,
    );
  }

  /** For every request. Throws 403. */
  checkOrigin(request: IncomingMessage): void {
    const { origin } = request.headers;
    if (origin !== undefined && !this.#isOwnOrigin(request, origin)) throw foreign();
    const site = request.headers["sec-fetch-site"];
    if (site === undefined || site === "same-origin" || site === "none") return;
    // A link on another page may lead to this one, which then has nothing but what it asks for itself.
    const isNavigation = request.headers["sec-fetch-mode"] === "navigate";
    const isDocument = request.headers["sec-fetch-dest"] === "document" && request.method === "GET";
    if (!(isNavigation && isDocument)) throw foreign();
  }

  /** For whatever is not for everybody. Throws 401, and 403 for a cookie that another page brought along. */
  checkCaller(request: IncomingMessage): void {
    const { authorization } = request.headers;
    if (authorization !== undefined) {
      const [, token] = /^Bearer +([\w~+/.=-]+)$/i.exec(authorization) ?? [];
      if (token !== undefined && this.#secrets.isToken(token)) return;
      throw unauthenticated("the token is not the one of this node");
    }
    const cookie = this.#cookieOf(request);
    if (cookie === undefined) throw unauthenticated("no token");
    if (!this.#secrets.isCookie(cookie))
      throw unauthenticated("the cookie is of another node, or of an older token");
    if (!this.#comesFromOwnPage(request)) throw foreign();
  }

  hasCookie(request: IncomingMessage): boolean {
    const cookie = this.#cookieOf(request);
    return cookie !== undefined && this.#secrets.isCookie(cookie);
  }

  #cookieOf({ headers }: IncomingMessage): string | undefined {
    for (const pair of (headers.cookie ?? "").split(";")) {
      const [name, ...value] = pair.trim().split("=");
      if (name === this.cookieName) return value.join("=");
    }
    return undefined;
  }

  #comesFromOwnPage(request: IncomingMessage): boolean {
    const { origin, referer } = request.headers;
    const site = request.headers["sec-fetch-site"];
    // "none": the user typed it.
    if (site !== undefined) return site === "same-origin" || site === "none";
    if (origin !== undefined) return this.#isOwnOrigin(request, origin);
    return (
      referer !== undefined && URL.canParse(referer) && this.#isOwnOrigin(request, new URL(referer).origin)
    );
  }

  #isOwnOrigin({ headers }: IncomingMessage, origin: string): boolean {
    return origin.toLowerCase() === `http://${headers.host?.toLowerCase()}`;
  }
}

function foreign(): HttpError {
  return new HttpError(
    403,
    "permission-denied",
    "another page may not use this node: open the one that it serves",
  );
}

function unauthenticated(what: string): HttpError {
  return new HttpError(
    401,
    "unauthenticated",
    `${what}: open the link that "lattice node link" prints, or send "Authorization: Bearer" with what is in lattice.token`,
    { "www-authenticate": 'Bearer realm="lattice"' },
  );
}
