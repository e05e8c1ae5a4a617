/** Changes of the membership that somebody waits for: done once a membership without overlap that follows from them is applied. */
import type { LatticeError } from "@lattice/model";
import {
  isJoint,
  type EntryId,
  type LogIndex,
  type Membership,
  type MembershipChange,
  type Raft,
} from "@lattice/raft";
import { failure, refused } from "./errors.ts";

interface Change {
  readonly entry: { readonly index: LogIndex; readonly term: number };
  readonly sinceMs: number;
  /** It is applied; the overlap is not over yet. */
  isBegun: boolean;
  readonly resolve: (membership: Membership) => void;
  readonly reject: (error: LatticeError) => void;
}

export class MembershipChanges {
  readonly #options: { readonly nowMs: () => number; readonly timeoutMs: number };
  #changes: Change[] = [];

  constructor(options: { readonly nowMs: () => number; readonly timeoutMs: number }) {
    this.#options = options;
  }

  begin(raft: Raft, changes: readonly MembershipChange[]): Promise<Membership> {
    const entry = raft.changeMembership(changes);
    if ("reason" in entry) return Promise.reject(refused(entry));
    return new Promise((resolve, reject) => {
      this.#changes.push({ entry, sinceMs: this.#options.nowMs(), isBegun: false, resolve, reject });
    });
  }

  /** An entry is applied; `membership` is that of an entry that has one. */
  applied({ index, term }: EntryId, membership: Membership | undefined): void {
    if (this.#changes.length === 0) return;
    this.#changes = this.#changes.filter((change) => {
      if (change.entry.index === index && change.entry.term === term) change.isBegun = true;
      if (change.isBegun && membership !== undefined && !isJoint(membership)) {
        change.resolve(membership);
        return false;
      }
      // Another leader's entry came in its place: it will never be.
      const isLost = !change.isBegun && (index >= change.entry.index || term > change.entry.term);
      if (isLost) change.reject(failure("no-leader", "another leader came before the change was committed"));
      return !isLost;
    });
  }

  /** The state has moved on to that membership, and what came in between was not seen. */
  skipped(membership: Membership): void {
    const isOver = !isJoint(membership);
    this.#changes = this.#changes.filter((change) => {
      if (change.isBegun && isOver) change.resolve(membership);
      else change.reject(failure("leader-lost"));
      return false;
    });
  }

  tick(): void {
    if (this.#changes.length === 0) return;
    const overdueMs = this.#options.nowMs() - this.#options.timeoutMs;
    this.#rejectIf(({ sinceMs }) => sinceMs <= overdueMs, failure("timeout"));
  }

  close(why: LatticeError): void {
    this.#rejectIf(() => true, why);
  }

  #rejectIf(isSo: (change: Change) => boolean, why: LatticeError): void {
    const rejected = this.#changes.filter(isSo);
    if (rejected.length === 0) return;
    this.#changes = this.#changes.filter((change) => !rejected.includes(change));
    for (const { reject } of rejected) reject(why);
  }
}
