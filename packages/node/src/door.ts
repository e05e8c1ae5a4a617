/** Keeps who guesses secrets out (weaver.md §7): five wrong ones within a minute close the door for ten. */
import { bytesKey, LatticeError, type Clock, type PubKey } from "@lattice/model";
import { DOOR_CLOSED_MS, DOOR_PEERS_MAX, WRONG_SECRETS_MAX, WRONG_SECRETS_WITHIN_MS } from "./limits.ts";

interface Attempts {
  wrongMs: number[];
  closedUntilMs: number;
}

export class Door {
  readonly #clock: Clock;
  readonly #attemptsByPeer = new Map<string, Attempts>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Throws `resource-exhausted` while the door is closed to this peer. */
  assertOpen(peer: PubKey): void {
    const attempts = this.#attemptsByPeer.get(bytesKey(peer));
    if (attempts === undefined || attempts.closedUntilMs <= this.#clock.now()) return;
    throw new LatticeError(
      "resource-exhausted",
      "too many wrong invites from this node: try again in ten minutes",
    );
  }

  noteWrong(peer: PubKey): void {
    const now = this.#clock.now();
    const key = bytesKey(peer);
    const attempts = this.#attemptsByPeer.get(key) ?? { wrongMs: [], closedUntilMs: 0 };
    attempts.wrongMs = [...attempts.wrongMs.filter((ms) => ms > now - WRONG_SECRETS_WITHIN_MS), now];
    if (attempts.wrongMs.length >= WRONG_SECRETS_MAX) attempts.closedUntilMs = now + DOOR_CLOSED_MS;
    this.#attemptsByPeer.delete(key);
    this.#attemptsByPeer.set(key, attempts);
    if (this.#attemptsByPeer.size > DOOR_PEERS_MAX) {
      this.#attemptsByPeer.delete(this.#attemptsByPeer.keys().next().value!);
    }
  }
}
