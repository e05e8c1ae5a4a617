/**
 * Who a token stands for, at one member. Tokens are given out and taken back through the log, so that all members know the
 * same; when one has not been used for too long is each member's own business, and a member that restarts knows only those that it finds in its log.
 * A client whose token is not known is told so, and logs in again.
 */
import { TOKEN_TTL_MS, TOKENS_MAX } from "./limits.ts";

interface TokenHolder {
  readonly user: string;
  expiresAtMs: number;
}

export class AuthTokens {
  readonly #now: () => number;
  /** The one that was not used for longest comes first. */
  readonly #holders = new Map<string, TokenHolder>();

  /** `now` is a clock in milliseconds that never goes back. */
  constructor(now: () => number) {
    this.#now = now;
  }

  assign(token: string, user: string): void {
    const now = this.#now();
    for (const [oldest, holder] of this.#holders) {
      if (holder.expiresAtMs > now && this.#holders.size < TOKENS_MAX) break;
      this.#holders.delete(oldest);
    }
    this.#holders.set(token, { user, expiresAtMs: now + TOKEN_TTL_MS });
  }

  /** The user it stands for, if any; and it holds for longer again. */
  use(token: string): string | undefined {
    const holder = this.#holders.get(token);
    if (holder === undefined) return undefined;
    this.#holders.delete(token);
    const now = this.#now();
    if (holder.expiresAtMs <= now) return undefined;
    holder.expiresAtMs = now + TOKEN_TTL_MS;
    this.#holders.set(token, holder);
    return holder.user;
  }

  takeFrom(user: string): void {
    for (const [token, holder] of this.#holders) if (holder.user === user) this.#holders.delete(token);
  }

  clear(): void {
    this.#holders.clear();
  }
}
