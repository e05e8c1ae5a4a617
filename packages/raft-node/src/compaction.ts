/**
 * Cuts off the beginning of the log: once enough has been applied since the last time, the machine makes it durable, and the log
 * goes on behind that. A tail stays, and whatever stands behind a snapshot that somebody is being sent.
 */
import { LatticeError } from "@lattice/model";
import {
  logIndex,
  maxIndex,
  minIndex,
  NO_INDEX,
  type EntryId,
  type LogIndex,
  type Raft,
} from "@lattice/raft";
import type { Exclusive } from "./exclusive.ts";
import type { Life } from "./life.ts";
import { SNAPSHOT_BYTES, SNAPSHOT_RETRY_MS, TAIL_BYTES, TAIL_COUNT } from "./limits.ts";
import type { MonotonicClock } from "./monotonic-clock.ts";
import type { StateMachine } from "./state-machine.ts";

export interface CompactionOptions {
  readonly machine: Pick<StateMachine<unknown>, "applied" | "checkpoint">;
  /** Who uses the machine's durable side. */
  readonly machineTurn: Exclusive;
  readonly clock: MonotonicClock;
  readonly snapshotCount: number;
  readonly tailCount?: number | undefined;
  /** What stands behind this is kept. */
  readonly pinned: () => LogIndex | undefined;
  /** The machine cannot go on. */
  readonly failed: (error: LatticeError) => void;
}

export class Compaction {
  readonly #options: CompactionOptions;
  #isBusy = false;
  #bytes = 0;
  #notBeforeMs = -Infinity;

  constructor(options: CompactionOptions) {
    this.#options = options;
  }

  /** So much was applied. */
  applied(bytes: number): void {
    this.#bytes += bytes;
  }

  /** Begins, if it is time. */
  look(life: Life): void {
    if (this.#isBusy) return;
    const { machine, snapshotCount, clock } = this.#options;
    const count = machine.applied.index - (life.raft.snapshot?.index ?? NO_INDEX);
    const isTime = count >= snapshotCount || (this.#bytes >= SNAPSHOT_BYTES && count > 0);
    if (!isTime || clock.nowMs() < this.#notBeforeMs) return;
    this.#isBusy = true;
    this.#bytes = 0;
    void this.#run(life);
  }

  async #run(life: Life): Promise<void> {
    const { machine, machineTurn, clock, failed } = this.#options;
    try {
      const id = await machineTurn.run(() => machine.checkpoint());
      life.addTask(async (log) => {
        const { raft } = life;
        // One from the leader may have come meanwhile.
        if (id.index <= (raft.snapshot?.index ?? NO_INDEX)) return;
        const snapshot = {
          ...id,
          membership: raft.membershipAt(id.index),
          sizeBytes: 0,
          checksum: 0,
        };
        const base = this.#baseFor(raft, id);
        await log.write({ snapshot, compactTo: base });
        raft.snapshotTaken(snapshot, base);
      });
    } catch (error) {
      const known = LatticeError.from(error);
      // Then the log grows, until there is room again.
      if (known.code !== "disk-full") failed(known);
      this.#notBeforeMs = clock.nowMs() + SNAPSHOT_RETRY_MS;
    } finally {
      this.#isBusy = false;
    }
  }

  #baseFor(raft: Raft, { index }: EntryId): EntryId {
    const { log } = raft;
    const { tailCount = TAIL_COUNT } = this.#options;
    const pinned = this.#options.pinned() ?? index;
    const first = maxIndex(log.base.index, logIndex(Math.max(0, minIndex(index, pinned) - tailCount)));
    let at = minIndex(index, pinned);
    let bytes = 0;
    while (at > first && bytes <= TAIL_BYTES) {
      bytes += log.at(at)?.data.length ?? 0;
      at = logIndex(at - 1);
    }
    return { index: at, term: log.termAt(at)! };
  }
}
