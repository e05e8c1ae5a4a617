/**
 * Appends that bring no entries, but how far the leader has committed. They wait a moment, since what is sent next to the same member
 * most likely says it too: one put after the other then takes two messages for each follower and its answers, not four.
 * A member with somebody who waits for the news gets it at once.
 *
 * Raft lets a message be late, be lost or be overtaken by a newer one, so nothing but time hangs on this.
 */
import { type Append, type MemberId, type Message } from "@lattice/raft";
import { COMMIT_NEWS_MS } from "./limits.ts";
import type { MonotonicClock } from "./monotonic-clock.ts";

export class CommitNews {
  readonly #clock: MonotonicClock;
  readonly #send: (messages: readonly Append[]) => void;
  readonly #held = new Map<MemberId, Append>();
  #cancel: (() => void) | undefined;

  constructor(options: { clock: MonotonicClock; send: (messages: readonly Append[]) => void }) {
    this.#clock = options.clock;
    this.#send = options.send;
  }

  /** Says whether it is kept back. What was kept back before it says nothing that it does not say. */
  keeps(message: Message): message is Append {
    if (message.type !== "append") return false;
    const isNews = message.entries.length === 0;
    if (isNews) this.#held.set(message.to, message);
    else this.#held.delete(message.to);
    this.#arm();
    return isNews;
  }

  /** Somebody there waits for it. */
  hurry(member: MemberId): void {
    const message = this.#held.get(member);
    if (message === undefined) return;
    this.#held.delete(member);
    this.#arm();
    this.#send([message]);
  }

  end(): void {
    this.#held.clear();
    this.#arm();
  }

  #arm(): void {
    if (this.#held.size === 0) {
      this.#cancel?.();
      this.#cancel = undefined;
      return;
    }
    this.#cancel ??= this.#clock.after(COMMIT_NEWS_MS, () => {
      this.#cancel = undefined;
      const messages = [...this.#held.values()];
      this.#held.clear();
      this.#send(messages);
    });
  }
}
