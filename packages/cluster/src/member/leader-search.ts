/** Says what to do where a cluster has had no leader for long: it has lost its majority, or its members do not reach each other. */
import type { MemberId } from "@lattice/raft";
import type { MonotonicClock } from "@lattice/raft-node";
import type { MemberRow } from "../machine/member-rows.ts";
import type { Log } from "./options.ts";

export interface LeaderSearchOptions {
  readonly clock: MonotonicClock;
  readonly self: MemberId;
  readonly afterMs: number;
  readonly voters: () => readonly MemberId[];
  readonly rows: () => readonly MemberRow[];
  /** Whom this member is connected to. */
  readonly connected: () => readonly MemberId[];
  readonly log: Log;
}

export class LeaderSearch {
  readonly #options: LeaderSearchOptions;
  #cancel: (() => void) | undefined;
  #advice: string | undefined;

  constructor(options: LeaderSearchOptions) {
    this.#options = options;
  }

  /** What to do; undefined while there is a leader, or has been one lately. */
  get advice(): string | undefined {
    return this.#advice;
  }

  changed(hasLeader: boolean): void {
    if (!hasLeader) {
      this.#cancel ??= this.#options.clock.after(this.#options.afterMs, () => this.#say());
      return;
    }
    this.#cancel?.();
    this.#cancel = undefined;
    this.#advice = undefined;
  }

  close(): void {
    this.#cancel?.();
  }

  #say(): void {
    const { voters, connected, self, afterMs, rows, log } = this.#options;
    const all = voters();
    const reached = connected();
    const missing = all.filter((id) => id !== self && !reached.includes(id));
    const needed = Math.floor(all.length / 2) + 1;
    const names = missing.map((id) => nameOf(rows(), id)).join(", ");
    const seconds = Math.round(afterMs / 1000);
    const present = all.length - missing.length;
    this.#advice =
      present >= needed
        ? `no leader for ${seconds} s, though ${present} of ${all.length} members reach each other: look at their logs`
        : `no leader for ${seconds} s: ${present} of ${all.length} members are there, and ${needed} are needed. ` +
          `Start ${names}; where a majority is lost for good, restore a snapshot into a new cluster ("cluster snapshot restore")`;
    log("error", this.#advice);
    // Again, should that last.
    this.#cancel = this.#options.clock.after(10 * afterMs, () => this.#say());
  }
}

function nameOf(rows: readonly MemberRow[], id: MemberId): string {
  const row = rows.find((each) => each.id === id);
  return row === undefined ? id.toString(16) : `"${row.name}" (${row.peerUrls.join(", ")})`;
}
