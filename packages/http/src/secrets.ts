/**
 * Who may use the node: the token of its data directory, and what is made of it.
 *
 * Invariants
 *  1. The token stands in no link, no log and no cookie. The cookie is derived from it, so that it holds over a restart and ends with
 *     the token; a link carries a code of its own.
 *  2. A code opens once, and not after a day: what a log, a history or a shoulder has kept of it is of no use.
 *  3. Comparing takes the same time wherever the first difference is.
 */
import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { LINK_MS, LINKS_MAX, SECRET_BYTES } from "./limits.ts";

export class Secrets {
  readonly #token: string;
  readonly #now: () => number;
  /** When each was made, the oldest first. */
  readonly #codes = new Map<string, number>();

  constructor(token: string, now: () => number) {
    this.#token = token;
    this.#now = now;
  }

  /** What the cookie of a browser holds that was let in. */
  get cookie(): string {
    return createHmac("sha256", this.#token).update("lattice web cookie 1").digest("base64url");
  }

  isToken(text: string): boolean {
    return isSame(text, this.#token);
  }

  isCookie(text: string): boolean {
    return isSame(text, this.cookie);
  }

  makeCode(): string {
    const [oldest] = this.#codes.keys();
    if (oldest !== undefined && this.#codes.size >= LINKS_MAX) this.#codes.delete(oldest);
    const code = newSecret();
    this.#codes.set(digest(code), this.#now());
    return code;
  }

  /** Whether this code opens; from then on it does not. */
  useCode(code: string): boolean {
    const key = digest(code);
    const madeMs = this.#codes.get(key);
    this.#codes.delete(key);
    return madeMs !== undefined && this.#now() - madeMs <= LINK_MS;
  }
}

function newSecret(): string {
  return randomBytes(SECRET_BYTES).toString("base64url");
}

function isSame(a: string, b: string): boolean {
  return timingSafeEqual(hash(a), hash(b));
}

function digest(text: string): string {
  return hash(text).toString("base64url");
}

function hash(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
