/**
 * Sessions, so that a write that is sent again is done once: see `../sessions/sessions.ts`. A session has one write at a time,
 * so there are as many sessions as writes that are under way at once.
 */
import { randomBytes } from "node:crypto";
import type { MetadataFields } from "./connection.ts";
import { SESSION_COUNT_MAX } from "./limits.ts";

export class ClientSession {
  #id = newId();
  #seq = 0;

  /** The next write is another one. */
  advance(): void {
    this.#seq += 1;
  }

  /** The cluster has forgotten the session, and with it whether older writes were done. */
  beginAnew(): void {
    this.#id = newId();
    this.#seq = 1;
  }

  get metadata(): MetadataFields {
    return { "lattice-session": this.#id, "lattice-seq": String(this.#seq) };
  }
}

export class SessionPool {
  /** The one used last is used first, so that few are kept alive. */
  readonly #idle: ClientSession[] = [];
  readonly #waiting: ((session: ClientSession) => void)[] = [];
  #count = 0;

  async use<T>(body: (session: ClientSession) => Promise<T>): Promise<T> {
    const session = await this.#take();
    session.advance();
    try {
      return await body(session);
    } finally {
      this.#give(session);
    }
  }

  async #take(): Promise<ClientSession> {
    const idle = this.#idle.pop();
    if (idle !== undefined) return idle;
    if (this.#count === SESSION_COUNT_MAX) return await new Promise((resolve) => this.#waiting.push(resolve));
    this.#count += 1;
    return new ClientSession();
  }

  #give(session: ClientSession): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#idle.push(session);
    else next(session);
  }
}

function newId(): string {
  return randomBytes(16).toString("hex");
}
