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
    const { afterMs, log, clock } = this.#options;
    this.#advice = `no leader for ${Math.round(afterMs / 1000)} s${this.#why()}`;
    log("error", this.#advice);
    // Again, should that last.
    this.#cancel = clock.after(10 * afterMs, () => this.#say());
  }

  #why(): string {
    const { voters, connected, self, rows } = this.#options;
    const all = voters();
    const named = (ids: readonly MemberId[]): string => ids.map((id) => nameOf(rows(), id)).join(", ");
    if (all.length === 0) {
      const others = rows().flatMap(({ id }) => (id === self ? [] : [id]));
      return `: this member has yet to hear from its cluster. See whether ${named(others)} run and can be reached`;
    }
    const reached = connected();
    const missing = all.filter((id) => id !== self && !reached.includes(id));
    const needed = Math.floor(all.length / 2) + 1;
    const present = all.length - missing.length;
    if (present >= needed) {
      return `, though ${present} of ${all.length} members reach each other: look at their logs`;
    }
    return (
      `: ${present} of ${all.length} members are there, and ${needed} are needed. Start ${named(missing)}; ` +
      `where a majority is lost for good, restore a snapshot into a new cluster ("cluster snapshot restore")`
    );
  }
}

function nameOf(rows: readonly MemberRow[], id: MemberId): string {
  const row = rows.find((each) => each.id === id);
  return row === undefined ? id.toString(16) : `"${row.name}" (${row.peerUrls.join(", ")})`;
}
