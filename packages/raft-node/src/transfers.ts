/** The handing over of leadership, for whoever waits for it. */
import type { LatticeError } from "@lattice/model";
import { NOBODY, type MemberId, type Raft } from "@lattice/raft";
import { failure, refused } from "./errors.ts";

/** The voter that has most of the log. */
export function bestSuccessor(raft: Raft): MemberId | undefined {
  const { voters } = raft.log.membership;
  let best: MemberId | undefined;
  for (const [id, { match }] of raft.peers) {
    const isBetter = best === undefined || match > raft.peers.get(best)!.match;
    if (voters.includes(id) && isBetter) best = id;
  }
  return best;
}

interface Transfer {
  readonly to: MemberId;
  readonly sinceMs: number;
  readonly resolve: () => void;
  readonly reject: (error: LatticeError) => void;
}

export class Transfers {
  readonly #options: { readonly nowMs: () => number; readonly timeoutMs: number };
  #transfers: Transfer[] = [];

  constructor(options: { readonly nowMs: () => number; readonly timeoutMs: number }) {
    this.#options = options;
  }

  begin(raft: Raft, to: MemberId): Promise<void> {
    const refusal = raft.transfer(to);
    if (refusal !== undefined) return Promise.reject(refused(refusal));
    return new Promise((resolve, reject) => {
      this.#transfers.push({ to, sinceMs: this.#options.nowMs(), resolve, reject });
      this.look(raft);
    });
  }

  /** Leadership may have changed. */
  look(raft: Raft): void {
    if (this.#transfers.length === 0) return;
    const { leader, role } = raft;
    const overdueMs = this.#options.nowMs() - this.#options.timeoutMs;
    const isUnderWay = role === "leader" && raft.status().transferTarget !== NOBODY;
    this.#transfers = this.#transfers.filter((transfer) => {
      if (leader === transfer.to) transfer.resolve();
      // Between two leaders it is not yet known; but there may be none for long.
      else if ((leader === NOBODY || isUnderWay) && transfer.sinceMs > overdueMs) return true;
      else transfer.reject(failure("timeout", "the member did not take over in time"));
      return false;
    });
  }

  close(why: LatticeError): void {
    for (const { reject } of this.#transfers.splice(0)) reject(why);
  }
}
