/**
 * When leases run out. The leader alone decides that, by its own clock; that a lease is gone is a request like any other, which names
 * the term that it was decided in, so a leader that is none any more takes nothing away.
 *
 * A lease that is extended stands in no log. So whoever begins to lead gives each lease its whole time anew, or what was left of it
 * when that was last written down, and an election timeout more: no lease ends early because the leader changed.
 *
 * Time is that of a clock that never goes back, in milliseconds.
 */
import type { Term } from "@lattice/raft";
import { EXPIRING_LEASES_MAX, LEASE_CHECKPOINT_MS, LEASE_CHECKPOINTS_MAX } from "../limits.ts";
import { ExpiryQueue } from "./expiry-queue.ts";

export interface LeaseRow {
  readonly id: bigint;
  readonly ttlSeconds: number;
  /** What was left when that was last written down; 0 where it was not since the lease was extended. */
  readonly remainingSeconds: number;
}

export interface LeaseCheckpoint {
  readonly id: bigint;
  readonly remainingSeconds: number;
}

export interface LessorPorts {
  readonly nowMs: () => number;
  /** Calls back once; the answer cancels it. */
  readonly after: (ms: number, callback: () => void) => () => void;
  readonly leases: () => Iterable<LeaseRow>;
  /** Asks the cluster for it. What becomes of it shows in `revoked`; where it rejects it is asked for again. */
  readonly revoke: (id: bigint, term: Term) => Promise<unknown>;
  readonly checkpoint: (checkpoints: readonly LeaseCheckpoint[], term: Term) => Promise<unknown>;
}

interface LiveLease {
  readonly ttlMs: number;
  expiresAtMs: number;
  /** Written down to be shorter than its time. */
  isCheckpointed: boolean;
  isRevoking: boolean;
}

/** A revocation that failed is tried again after this. */
const RETRY_MS = 500;
/** Timers of the system cannot be set further ahead than 24 days. */
const TIMER_MS_MAX = 86_400_000;

export class Lessor {
  readonly #ports: LessorPorts;
  readonly #leases = new Map<bigint, LiveLease>();
  readonly #queue = new ExpiryQueue<bigint>();
  readonly #ended = new Set<() => void>();
  /** In which it decides; undefined where it does not. */
  #term: Term | undefined;
  #revoking = 0;
  #cancelTimer: () => void = () => {};
  #timerAtMs = Infinity;
  #cancelCheckpoint: () => void = () => {};

  constructor(ports: LessorPorts) {
    this.#ports = ports;
  }

  /** Whether this is the one that decides. */
  get isPrimary(): boolean {
    return this.#term !== undefined;
  }

  /** From now on this member leads, in this term. */
  promote(term: Term, extendMs: number): void {
    this.demote();
    this.#term = term;
    for (const row of this.#ports.leases()) this.#add(row, extendMs);
    this.#arm();
    this.#checkpointLater();
  }

  demote(): void {
    this.#term = undefined;
    this.#leases.clear();
    this.#queue.clear();
    this.#cancelTimer();
    this.#timerAtMs = Infinity;
    this.#cancelCheckpoint();
    this.#wakeAll();
  }

  /** It was applied. */
  granted(row: LeaseRow): void {
    if (!this.isPrimary) return;
    this.#add(row, 0);
    this.#arm();
  }

  revoked(id: bigint): void {
    if (this.#leases.delete(id)) this.#wakeAll();
  }

  /**
   * Gives it its whole time again, counted from `fromMs`: when it was not yet known whether this member leads. Answers its time
   * in seconds, once the next leader would give it that as well; `gone` where there is no such lease any more, at the latest once it is revoked if its time is over; `moved` where
   * this is not who decides.
   */
  async renew(id: bigint, fromMs: number): Promise<number | "gone" | "moved"> {
    for (;;) {
      if (!this.isPrimary) return "moved";
      const lease = this.#leases.get(id);
      if (lease === undefined) return "gone";
      if (!lease.isRevoking && lease.expiresAtMs > this.#ports.nowMs())
        return this.#extend(id, lease, fromMs);
      await new Promise<void>((resolve) => this.#ended.add(resolve));
    }
  }

  /** In milliseconds, below 0 where its time is over; undefined where it is not known here. */
  remainingMs(id: bigint): number | undefined {
    const lease = this.#leases.get(id);
    return lease && lease.expiresAtMs - this.#ports.nowMs();
  }

  async #extend(id: bigint, lease: LiveLease, fromMs: number): Promise<number> {
    const expiresAtMs = fromMs + lease.ttlMs;
    // The queue finds it at its old time, and puts it where it belongs.
    if (expiresAtMs > lease.expiresAtMs) lease.expiresAtMs = expiresAtMs;
    if (lease.isCheckpointed) {
      // Before anybody is told: else whoever leads next may give it no more than what was left before.
      await this.#ports.checkpoint([{ id, remainingSeconds: 0 }], this.#term!);
      lease.isCheckpointed = false;
    }
    return lease.ttlMs / 1000;
  }

  #add({ id, ttlSeconds, remainingSeconds }: LeaseRow, extendMs: number): void {
    const leftSeconds = remainingSeconds > 0 ? remainingSeconds : ttlSeconds;
    const expiresAtMs = this.#ports.nowMs() + leftSeconds * 1000 + extendMs;
    const isCheckpointed = remainingSeconds > 0;
    this.#leases.set(id, { ttlMs: ttlSeconds * 1000, expiresAtMs, isCheckpointed, isRevoking: false });
    this.#queue.add(id, expiresAtMs);
  }

  #arm(): void {
    const atMs = this.#queue.firstAtMs;
    if (atMs >= this.#timerAtMs) return;
    this.#cancelTimer();
    if (atMs === Infinity) return;
    this.#timerAtMs = atMs;
    const waitMs = Math.min(Math.max(0, atMs - this.#ports.nowMs()), TIMER_MS_MAX);
    this.#cancelTimer = this.#ports.after(waitMs, () => {
      this.#timerAtMs = Infinity;
      this.#expire();
    });
  }

  #expire(): void {
    const nowMs = this.#ports.nowMs();
    while (this.#queue.firstAtMs <= nowMs && this.#revoking < EXPIRING_LEASES_MAX) {
      const id = this.#queue.takeFirst();
      const lease = this.#leases.get(id);
      if (lease === undefined || lease.isRevoking) continue;
      if (lease.expiresAtMs > nowMs) this.#queue.add(id, lease.expiresAtMs);
      else void this.#revoke(id, lease);
    }
    // Where too many are on their way, the next one that is done goes on.
    if (this.#revoking < EXPIRING_LEASES_MAX) this.#arm();
  }

  async #revoke(id: bigint, lease: LiveLease): Promise<void> {
    lease.isRevoking = true;
    this.#revoking++;
    try {
      await this.#ports.revoke(id, this.#term!);
    } catch {
      if (this.#leases.get(id) === lease) {
        lease.isRevoking = false;
        this.#queue.add(id, this.#ports.nowMs() + RETRY_MS);
      }
    } finally {
      this.#revoking--;
      if (this.isPrimary) this.#expire();
    }
  }

  #checkpointLater(): void {
    this.#cancelCheckpoint = this.#ports.after(LEASE_CHECKPOINT_MS, () => {
      this.#checkpointLater();
      void this.#checkpointAll();
    });
  }

  /** A request that fails is made up for by the next time. */
  async #checkpointAll(): Promise<void> {
    const nowMs = this.#ports.nowMs();
    const term = this.#term;
    const long = [...this.#leases].filter(
      ([, lease]) => lease.ttlMs > LEASE_CHECKPOINT_MS && !lease.isRevoking,
    );
    // What was decided in one term says nothing of the leases of the next.
    for (
      let at = 0;
      term !== undefined && at < long.length && this.#term === term;
      at += LEASE_CHECKPOINTS_MAX
    ) {
      const checkpoints: LeaseCheckpoint[] = [];
      for (const [id, lease] of long.slice(at, at + LEASE_CHECKPOINTS_MAX)) {
        const remainingSeconds = Math.ceil((lease.expiresAtMs - nowMs) / 1000);
        if (remainingSeconds <= 0 || remainingSeconds * 1000 >= lease.ttlMs) continue;
        lease.isCheckpointed = true;
        checkpoints.push({ id, remainingSeconds });
      }
      if (checkpoints.length > 0) await this.#ports.checkpoint(checkpoints, term).catch(() => {});
    }
  }

  #wakeAll(): void {
    const waiting = [...this.#ended];
    this.#ended.clear();
    for (const wake of waiting) wake();
  }
}
