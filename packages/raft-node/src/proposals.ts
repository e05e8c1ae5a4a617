/**
 * Requests of this member's clients, on their way into the log and back as results; and what other members forward to this
 * one, which leads.
 *
 * A request waits in a queue until it is proposed: here, or by a call to the leader. From then on it waits to be applied here.
 *
 * Rules
 *  1. A request is proposed in one term at a time. Entries with terms after it are behind all entries of that term, so once
 *     one of them was applied here and the request was not, it never will be: it is proposed again, and still happens once.
 *  2. What is not known to have failed is never proposed again: who waits for it learns that nobody knows.
 */
import { LatticeError } from "@lattice/model";
import { NO_TERM, NOBODY, type MemberId, type Raft, type Term } from "@lattice/raft";
import { failure, reasonOf, refused } from "./errors.ts";
import { ENTRY_BYTES_MAX, QUEUED_BYTES_MAX, QUEUED_REQUESTS_MAX } from "./limits.ts";
import { encodeGroup, packEntries, type RequestGroup } from "./request-group.ts";

export interface ProposalsOptions {
  readonly member: MemberId;
  readonly session: number;
  readonly nowMs: () => number;
  /** After this long nobody waits any more. */
  readonly timeoutMs: number;
  /** How long a request that cannot be proposed at the moment may wait for that, where it is likely to pass. */
  readonly patienceMs: number;
  /** Hands requests to the leader of that term. Rejects as `PeerNetwork.call` and as `forwarded` do. */
  readonly forward: (leader: MemberId, term: Term, group: Uint8Array) => Promise<void>;
  /** There is something to propose. */
  readonly wake: () => void;
}

interface Pending<Result> {
  readonly request: Uint8Array;
  readonly sinceMs: number;
  /** Until then it waits where it is refused for now; undefined before that has happened. */
  patientUntilMs: number | undefined;
  /** That of the leader that it was given to; 0 while it waits in the queue. */
  term: Term;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: LatticeError) => void;
  isSettled: boolean;
}

/** Of another member. */
interface Foreign {
  readonly term: Term;
  readonly group: Uint8Array;
  readonly resolve: () => void;
  readonly reject: (error: LatticeError) => void;
}

interface Batch<Result> {
  readonly first: number;
  readonly pendings: readonly Pending<Result>[];
  readonly group: Uint8Array;
}

export class Proposals<Result> {
  readonly #options: ProposalsOptions;
  #queue: Pending<Result>[] = [];
  #queuedBytes = 0;
  #foreign: Foreign[] = [];
  /** What was proposed, by number. */
  readonly #proposed = new Map<number, Pending<Result>>();
  #nextNumber = 0;
  /** Of the entry applied last. */
  #termApplied: Term = NO_TERM;
  /** Nothing is proposed before, or before the leader is another one. */
  #pausedUntilMs = -Infinity;
  #leaderLostAtMs = -Infinity;
  #leader: MemberId = NOBODY;
  /** Why nothing can be proposed. */
  #closed: LatticeError | undefined;

  constructor(options: ProposalsOptions) {
    this.#options = options;
  }

  get openCount(): number {
    return this.#queue.length + this.#proposed.size;
  }

  add(request: Uint8Array, signal: AbortSignal | undefined): Promise<Result> {
    if (this.#closed !== undefined) return Promise.reject(this.#closed);
    const isFull =
      this.#queue.length >= QUEUED_REQUESTS_MAX || this.#queuedBytes + request.length > QUEUED_BYTES_MAX;
    if (isFull) return Promise.reject(failure("too-many-requests"));
    return new Promise((resolve, reject) => {
      const sinceMs = this.#options.nowMs();
      const pending: Pending<Result> = {
        request,
        sinceMs,
        patientUntilMs: undefined,
        term: NO_TERM,
        resolve,
        reject,
        isSettled: false,
      };
      if (signal !== undefined) this.#heed(pending, signal, { resolve, reject });
      this.#enqueue([pending]);
      this.#options.wake();
    });
  }

  /** Of a member that takes this one for the leader of `term`. Resolves once it is proposed; rejects where it was not. */
  forwarded(term: Term, group: Uint8Array): Promise<void> {
    if (this.#closed !== undefined) return Promise.reject(this.#closed);
    return new Promise((resolve, reject) => {
      this.#foreign.push({ term, group, resolve, reject });
      this.#options.wake();
    });
  }

  /** Proposes what waits, where that goes. */
  flush(raft: Raft): void {
    this.#noteLeader(raft.leader);
    if (this.#foreign.length === 0 && this.#queue.length === 0) return;
    if (raft.role === "leader") {
      this.#propose(raft);
      return;
    }
    for (const { reject } of this.#foreign.splice(0)) {
      reject(refused({ reason: "not-leader", leader: raft.leader }));
    }
    if (raft.leader === NOBODY) this.#refuseImpatient(failure("no-leader"));
    else if (!this.#isPaused) this.#forward(raft);
  }

  /** Entries of this term are applied, with these groups; `results` has those of one group after the other. */
  applied(term: Term, groups: readonly RequestGroup[], results: readonly Result[]): void {
    this.noteTerm(term);
    const { member, session } = this.#options;
    let at = 0;
    for (const group of groups) {
      if (group.member === member && group.session === session) this.#settle(group, results, at);
      at += group.requests.length;
    }
  }

  /** An entry of this term is applied: of earlier ones, none comes any more. */
  noteTerm(term: Term): void {
    if (term <= this.#termApplied) return;
    this.#termApplied = term;
    const lost = [...this.#proposed].filter(([, pending]) => pending.term < term);
    this.#requeue(
      lost.map(([number]) => number),
      failure("no-leader"),
    );
  }

  /** The state has moved on without the entries in between being seen. */
  skipped(term: Term): void {
    for (const pending of this.#proposed.values()) this.#reject(pending, failure("leader-lost"));
    this.#proposed.clear();
    this.noteTerm(term);
  }

  tick(raft: Raft | undefined): void {
    const overdueMs = this.#options.nowMs() - this.#options.timeoutMs;
    this.#giveUpQueued(overdueMs);
    if (this.#queue.length > 0) this.#options.wake();
    for (const [number, pending] of this.#proposed) {
      if (!pending.isSettled && pending.sinceMs > overdueMs) continue;
      this.#proposed.delete(number);
      const isLost = raft === undefined || raft.term !== pending.term;
      this.#reject(pending, failure(isLost ? "leader-lost" : "timeout"));
    }
  }

  /** What was proposed may happen; what was not is refused, and so is everything from now on until `reopen`. */
  close(why: LatticeError): void {
    this.#closed = why;
    for (const { reject } of this.#foreign.splice(0)) reject(why);
    for (const pending of this.#takeQueue()) this.#reject(pending, why);
    const isEnd = reasonOf(why) === "stopped";
    for (const pending of this.#proposed.values()) {
      this.#reject(pending, isEnd ? why : failure("leader-lost"));
    }
    this.#proposed.clear();
  }

  reopen(): void {
    this.#closed = undefined;
  }

  get #isPaused(): boolean {
    return this.#options.nowMs() < this.#pausedUntilMs;
  }

  /** Somebody may stop waiting; what was proposed may happen all the same. */
  #heed(
    pending: Pending<Result>,
    signal: AbortSignal,
    { resolve, reject }: { resolve: (result: Result) => void; reject: (error: LatticeError) => void },
  ): void {
    const onAbort = () => this.#reject(pending, new LatticeError("cancelled", "nobody waits any more"));
    const end = () => signal.removeEventListener("abort", onAbort);
    Object.assign(pending, {
      resolve: (result: Result) => {
        end();
        resolve(result);
      },
      reject: (error: LatticeError) => {
        end();
        reject(error);
      },
    });
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
  }

  #noteLeader(leader: MemberId): void {
    if (leader === this.#leader) return;
    if (leader === NOBODY) this.#leaderLostAtMs = this.#options.nowMs();
    this.#leader = leader;
    this.#pausedUntilMs = -Infinity;
  }

  #propose(raft: Raft): void {
    const foreign = this.#takeForeign(raft);
    const batches = this.#isPaused ? [] : this.#takeBatches();
    const groups = [...batches.map(({ group }) => group), ...foreign.map(({ group }) => group)];
    if (groups.length === 0) return;
    const proposed = raft.propose(packEntries(groups, ENTRY_BYTES_MAX));
    if ("reason" in proposed) {
      const error = refused(proposed);
      for (const { reject } of foreign) reject(error);
      for (const batch of batches) this.#wasRefused(batch, error);
      return;
    }
    for (const { resolve } of foreign) resolve();
    for (const { pendings } of batches) for (const pending of pendings) pending.term = raft.term;
  }

  /** Those that were meant for the leader of this term. */
  #takeForeign(raft: Raft): Foreign[] {
    const all = this.#foreign;
    if (all.length === 0) return all;
    this.#foreign = [];
    const { term, leader } = raft;
    return all.filter((each) => {
      if (each.term !== term) each.reject(refused({ reason: "not-leader", leader }));
      return each.term === term;
    });
  }

  #forward({ leader, term }: Raft): void {
    for (const batch of this.#takeBatches()) {
      for (const pending of batch.pendings) pending.term = term;
      this.#options.forward(leader, term, batch.group).catch((error: unknown) => {
        this.#notForwarded(batch, LatticeError.from(error));
      });
    }
  }

  #notForwarded(batch: Batch<Result>, error: LatticeError): void {
    // It may have been proposed. What becomes of it will show, or not in time.
    if (error.details["outcome"] !== "not-sent" && reasonOf(error) === undefined) return;
    this.#wasRefused(batch, error);
  }

  /** None of them was proposed. */
  #wasRefused({ first, pendings }: Batch<Result>, error: LatticeError): void {
    const numbers = pendings.map((_, at) => first + at);
    if (reasonOf(error) !== "too-many-requests") {
      this.#pausedUntilMs = this.#options.nowMs() + this.#options.patienceMs / 8;
      this.#requeue(numbers, failure("no-leader"));
      return;
    }
    for (const number of numbers) {
      const pending = this.#proposed.get(number);
      this.#proposed.delete(number);
      if (pending !== undefined) this.#reject(pending, error);
    }
  }

  /** What cannot be handed to anybody does not wait for ever. */
  #giveUpQueued(overdueMs: number): void {
    if (!this.#queue.some(({ sinceMs, isSettled }) => isSettled || sinceMs <= overdueMs)) return;
    const queue = this.#takeQueue();
    for (const pending of queue) if (pending.sinceMs <= overdueMs) this.#reject(pending, failure("timeout"));
    this.#enqueue(queue.filter(({ isSettled }) => !isSettled));
  }

  /** They come before what waits already, in their order; but those that have been patient for long enough are refused. */
  #requeue(numbers: readonly number[], refusal: LatticeError): void {
    const now = this.#options.nowMs();
    const pendings: Pending<Result>[] = [];
    for (const number of numbers) {
      const pending = this.#proposed.get(number);
      this.#proposed.delete(number);
      if (pending === undefined || pending.isSettled) continue;
      pending.term = NO_TERM;
      pending.patientUntilMs ??= now + this.#options.patienceMs;
      if (pending.patientUntilMs > now) pendings.push(pending);
      else this.#reject(pending, refusal);
    }
    if (pendings.length === 0) return;
    const waiting = this.#takeQueue();
    this.#enqueue([...pendings, ...waiting]);
    this.#options.wake();
  }

  #enqueue(pendings: readonly Pending<Result>[]): void {
    for (const pending of pendings) {
      this.#queue.push(pending);
      this.#queuedBytes += pending.request.length;
    }
  }

  #takeQueue(): Pending<Result>[] {
    const queue = this.#queue;
    this.#queue = [];
    this.#queuedBytes = 0;
    return queue;
  }

  /** Everything in the queue, numbered, in groups that go into an entry each. */
  #takeBatches(): Batch<Result>[] {
    const queue = this.#takeQueue();
    const batches: Batch<Result>[] = [];
    let pendings: Pending<Result>[] = [];
    let bytes = 0;
    for (const pending of queue) {
      if (pending.isSettled) continue;
      if (pendings.length > 0 && bytes + pending.request.length > ENTRY_BYTES_MAX) {
        batches.push(this.#batchOf(pendings));
        pendings = [];
        bytes = 0;
      }
      pendings.push(pending);
      bytes += pending.request.length;
    }
    if (pendings.length > 0) batches.push(this.#batchOf(pendings));
    return batches;
  }

  #batchOf(pendings: readonly Pending<Result>[]): Batch<Result> {
    const { member, session } = this.#options;
    const first = this.#nextNumber;
    this.#nextNumber += pendings.length;
    for (const [at, pending] of pendings.entries()) this.#proposed.set(first + at, pending);
    const requests = pendings.map(({ request }) => request);
    return { first, pendings, group: encodeGroup({ member, session, first, requests }) };
  }

  #settle(group: RequestGroup, results: readonly Result[], from: number): void {
    for (let at = 0; at < group.requests.length; at++) {
      const number = group.first + at;
      const pending = this.#proposed.get(number);
      if (pending === undefined) continue;
      this.#proposed.delete(number);
      if (pending.isSettled) continue;
      pending.isSettled = true;
      pending.resolve(results[from + at]!);
    }
  }

  /** Without a leader, only those wait that came just before it was lost, or have been promised patience. */
  #refuseImpatient(error: LatticeError): void {
    const now = this.#options.nowMs();
    if (now < this.#leaderLostAtMs + this.#options.patienceMs / 2) return;
    const queue = this.#takeQueue();
    for (const pending of queue) {
      if ((pending.patientUntilMs ?? now) > now) this.#enqueue([pending]);
      else this.#reject(pending, error);
    }
  }

  #reject(pending: Pending<Result>, error: LatticeError): void {
    if (pending.isSettled) return;
    pending.isSettled = true;
    pending.reject(error);
  }
}
