/**
 * A member of a cluster: a Raft instance on its log, the network, a clock, and the state machine that the cluster replicates.
 *
 * What is proposed at any member reaches the leader's log and is answered by this member's own machine, once that has applied it.
 */
import { LatticeError } from "@lattice/model";
import {
  EntryKind,
  isJoint,
  isMember,
  NOBODY,
  NO_MEMBERS,
  PackReader,
  PackWriter,
  Raft,
  term,
  type Entry,
  type EntryId,
  type MemberId,
  type Membership,
  type MembershipChange,
  type RaftOptions,
  type RaftStatus,
  type RaftStorage,
  type Term,
} from "@lattice/raft";
import type {
  CallHandler,
  CallOptions,
  HandleOptions,
  PeerEvents,
  PeerNetwork,
  RefusedBecause,
} from "@lattice/raft-net";
import { bootstrap, type Bootstrap } from "./bootstrap.ts";
import { failure } from "./errors.ts";
import { Life } from "./life.ts";
import { MembershipChanges } from "./membership-changes.ts";
import { systemMonotonicClock, type MonotonicClock } from "./monotonic-clock.ts";
import { raftOptionsOf, tickMsOf } from "./pace.ts";
import { Proposals } from "./proposals.ts";
import { ReadBarriers } from "./read-barriers.ts";
import { decodeGroups } from "./request-group.ts";
import type { Committed, StateMachine } from "./state-machine.ts";
import { Transfers } from "./transfers.ts";

export interface RaftNodeEvents {
  /** Another member leads, or nobody does (`NOBODY`), as far as this one knows. */
  readonly leaderChanged: (leader: MemberId, term: Term) => void;
  /** A membership was applied, joint ones as well. The machine has seen it. */
  readonly membershipApplied: (membership: Membership, id: EntryId) => void;
  /** This member is none any more. It can be stopped. */
  readonly removed: (why: string) => void;
  /** It does not take part any more: something failed for good. Whoever owns it calls `stop`. */
  readonly failed: (error: LatticeError) => void;
}

export interface RaftNodeOptions<Result> {
  readonly id: MemberId;
  readonly machine: StateMachine<Result>;
  /** Opens the log: at the start, and again after the disk was full. */
  readonly openLog: () => Promise<RaftStorage>;
  /** Where the log is empty: this member is one of the first of a new cluster. Who joins one has no `bootstrap`. */
  readonly bootstrap?: Bootstrap | undefined;
  readonly connect: (events: PeerEvents) => Promise<PeerNetwork>;
  readonly events?: Partial<RaftNodeEvents>;
  readonly raft?: Partial<RaftOptions>;
  /** After this long a request or a read that was not answered is given up, in milliseconds. Default: 5 s and two election timeouts, as etcd. */
  readonly requestTimeoutMs?: number;
  readonly clock?: MonotonicClock;
  /** At least 0, below 1. Default: `Math.random`. */
  readonly random?: () => number;
}

export interface RaftNodeStatus extends RaftStatus {
  readonly state: "running" | "failed" | "stopped";
}

/** Members' calls to each other. */
const PROPOSE = "raft.propose";
const NOTHING = new Uint8Array();

export class RaftNode<Result> implements AsyncDisposable {
  readonly #options: RaftNodeOptions<Result>;
  readonly #machine: StateMachine<Result>;
  readonly #network: PeerNetwork;
  readonly #clock: MonotonicClock;
  readonly #proposals: Proposals<Result>;
  readonly #reads: ReadBarriers;
  readonly #changes: MembershipChanges;
  readonly #transfers = new Transfers();
  readonly #calls = new AbortController();
  #life: Life;
  #state: RaftNodeStatus["state"] = "running";
  #leader: { readonly id: MemberId; readonly term: Term };
  #tickedAtMs = -Infinity;
  #stopped: Promise<void> | undefined;

  /** Resolves once it takes part. Rejects as opening its log does, or its network. */
  static async start<Result>(options: RaftNodeOptions<Result>): Promise<RaftNode<Result>> {
    const log = await openLog(options);
    let node: RaftNode<Result> | undefined;
    try {
      const network = await options.connect({
        received: (message) => node && RaftNode.#input(node, (raft) => raft.step(message)),
        lost: (member) => node && RaftNode.#input(node, (raft) => raft.peerLost(member)),
        refused: (_by, because, text) => node && RaftNode.#refused(node, because, text),
      });
      node = new RaftNode(options, log, network);
      return node;
    } catch (error) {
      await log.close();
      throw error;
    }
  }

  static #input<Result>(node: RaftNode<Result>, run: (raft: Raft) => void): void {
    node.#life.input(run);
  }

  static #refused<Result>(node: RaftNode<Result>, because: RefusedBecause, text: string): void {
    if (because === "removed") node.#options.events?.removed?.(text);
  }

  private constructor(options: RaftNodeOptions<Result>, log: RaftStorage, network: PeerNetwork) {
    const { id, machine, clock = systemMonotonicClock, random = Math.random } = options;
    this.#options = options;
    this.#machine = machine;
    this.#network = network;
    this.#clock = clock;
    const { electionTimeoutMs } = raftOptionsOf(options.raft);
    const nowMs = () => clock.nowMs();
    const wake = () => this.#life.wake();
    const timeoutMs = options.requestTimeoutMs ?? 5000 + 2 * electionTimeoutMs;
    const waiting = { nowMs, timeoutMs, patienceMs: electionTimeoutMs, wake };
    this.#proposals = new Proposals({
      ...waiting,
      member: id,
      session: Math.floor(random() * 2 ** 48),
      forward: (leader, inTerm, group) => this.#forward(leader, inTerm, group),
    });
    this.#reads = new ReadBarriers(waiting);
    this.#changes = new MembershipChanges({ nowMs, timeoutMs });
    network.handle(PROPOSE, (request) => this.#proposeForwarded(request));
    this.#life = this.#begin(log);
    this.#leader = { id: this.#life.raft.leader, term: this.#life.raft.term };
  }

  get id(): MemberId {
    return this.#options.id;
  }

  get network(): PeerNetwork {
    return this.#network;
  }

  /**
   * Resolves with what the machine of this member answers once it has applied the request. What it rejects with has the detail
   * `reason` (see `Reason`); where the signal is aborted, `cancelled`, and the request may happen all the same.
   */
  propose(request: Uint8Array, { signal }: { readonly signal?: AbortSignal } = {}): Promise<Result> {
    return this.#proposals.add(request, signal);
  }

  /** Once it resolves, the machine shows everything that had been answered anywhere before this call. Rejects as `propose` does. */
  readBarrier({ signal }: { readonly signal?: AbortSignal } = {}): Promise<void> {
    return this.#reads.add(signal);
  }

  /** Resolves once the membership after it is applied here. For the leader: on others it rejects with `not-leader`. */
  changeMembership(changes: readonly MembershipChange[]): Promise<Membership> {
    return this.#ask((raft) => this.#changes.begin(raft, changes));
  }

  /** Resolves once `to` leads. For the leader, as above. */
  transfer(to: MemberId): Promise<void> {
    return this.#ask((raft) => this.#transfers.begin(raft, to));
  }

  status(): RaftNodeStatus {
    return { ...this.#life.raft.status(), state: this.#state };
  }

  /** As far as this member knows; `NOBODY` where it knows none. */
  get leader(): MemberId {
    return this.#state === "running" ? this.#life.raft.leader : NOBODY;
  }

  call(to: MemberId, method: string, request: Uint8Array, options: CallOptions): Promise<Uint8Array> {
    return this.#network.call(to, method, request, options);
  }

  /** To be called right after `start`, before anything else is waited for. */
  handle(method: string, handler: CallHandler, options?: HandleOptions): void {
    this.#network.handle(method, handler, options);
  }

  /**
   * Leaves the network, makes what was applied durable, closes the log and the machine. `transfer`: hands leadership over first, if it has
   * it and somebody can take it. May be called twice.
   */
  stop({ transfer = false }: { readonly transfer?: boolean } = {}): Promise<void> {
    this.#stopped ??= this.#stop(transfer);
    return this.#stopped;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  #begin(log: RaftStorage): Life {
    const { id, raft: raftOptions = {}, random = Math.random } = this.#options;
    const { persisted } = log;
    const { index: applied } = this.#machine.applied;
    const nowMs = this.#clock.nowMs();
    const raft = new Raft({ id, persisted, applied, random, nowMs, options: raftOptions });
    const unable = async () => {
      throw new LatticeError("unimplemented", "snapshots");
    };
    return new Life({
      raft,
      log,
      tickMs: tickMsOf(raftOptionsOf(raftOptions)),
      ports: {
        clock: this.#clock,
        network: this.#network,
        steps: { keep: unable, stage: unable, adopt: unable },
        enter: (each) => this.#enter(each),
        readsAnswered: (reads) => this.#reads.answered(reads, this.#machine.applied.index),
        apply: (entries) => this.#apply(entries),
        leave: (each) => this.#look(each),
        sendChunk: ({ to }) => raft.snapshotFailed(to),
        failed: (error) => this.#failed(error),
      },
    });
  }

  #enter(raft: Raft): void {
    this.#tick(raft);
    this.#proposals.flush(raft);
    this.#reads.flush(raft);
  }

  #tick(raft: Raft): void {
    const nowMs = this.#clock.nowMs();
    if (nowMs - this.#tickedAtMs < tickMsOf(raftOptionsOf(this.#options.raft))) return;
    this.#tickedAtMs = nowMs;
    this.#proposals.tick(raft);
    this.#reads.tick();
    this.#changes.tick();
  }

  #apply(entries: readonly Entry[]): void {
    const groups = entries.map(({ kind, data }) => (kind === EntryKind.DATA ? decodeGroups(data) : []));
    const committed = entries.map((entry, at) => committedOf(entry, groups[at]!));
    const results = this.#machine.apply(committed);
    for (const [at, { index, term: entryTerm, membership }] of entries.entries()) {
      this.#proposals.applied(entryTerm, groups[at]!, results[at] ?? []);
      this.#changes.applied({ index, term: entryTerm }, membership);
      if (membership !== undefined) this.#membershipApplied(membership, { index, term: entryTerm });
    }
    this.#reads.applied(this.#machine.applied.index);
  }

  #membershipApplied(membership: Membership, id: EntryId): void {
    this.#options.events?.membershipApplied?.(membership, id);
    if (isJoint(membership) || isMember(membership, this.id)) return;
    this.#options.events?.removed?.("the cluster goes on without this member");
  }

  /** Whatever may have changed. */
  #look(raft: Raft): void {
    this.#transfers.look(raft);
    const { leader, term: now } = raft;
    if (leader === this.#leader.id && now === this.#leader.term) return;
    this.#leader = { id: leader, term: now };
    this.#options.events?.leaderChanged?.(leader, now);
    // What waited for a leader goes on.
    if (leader !== NOBODY) this.#life.wake();
  }

  #ask<T>(run: (raft: Raft) => Promise<T>): Promise<T> {
    if (this.#state !== "running") return Promise.reject(failure("stopped"));
    this.#life.wake();
    this.#life.raft.tick(this.#clock.nowMs());
    return run(this.#life.raft);
  }

  async #forward(leader: MemberId, inTerm: Term, group: Uint8Array): Promise<void> {
    const to = new PackWriter();
    to.uint(inTerm);
    to.bin(group);
    await this.#network.call(leader, PROPOSE, to.written, { signal: this.#calls.signal });
  }

  async #proposeForwarded(request: Uint8Array): Promise<Uint8Array> {
    const reader = new PackReader(request);
    const inTerm = term(reader.uint());
    const group = reader.bin();
    reader.end();
    // What goes into the log has to be readable for everybody, for ever.
    decodeGroups(group);
    await this.#proposals.forwarded(inTerm, group);
    return NOTHING;
  }

  #failed(error: LatticeError): void {
    this.#state = "failed";
    const why = new LatticeError(error.code, error.message, {
      details: { ...error.details, reason: "stopped" },
      cause: error,
    });
    this.#giveUp(why);
    this.#options.events?.failed?.(error);
  }

  #giveUp(why: LatticeError): void {
    this.#proposals.close(why);
    this.#reads.close(why);
    this.#changes.close(why);
    this.#transfers.close(why);
  }

  async #stop(transfer: boolean): Promise<void> {
    if (transfer && this.#state === "running") await this.#handOver();
    const wasRunning = this.#state === "running";
    this.#state = "stopped";
    this.#giveUp(failure("stopped"));
    this.#calls.abort();
    await this.#life.end();
    await this.#network.close();
    if (wasRunning) await this.#machine.checkpoint();
    await this.#machine.close();
  }

  /** To the voter that has most of the log. That nobody can take it is no reason to stay. */
  async #handOver(): Promise<void> {
    const { raft } = this.#life;
    if (raft.role !== "leader") return;
    const { voters } = raft.status().membership;
    const [best] = [...raft.peers]
      .filter(([id]) => voters.includes(id))
      .toSorted(([, a], [, b]) => b.match - a.match);
    if (best === undefined) return;
    await this.transfer(best[0]).catch(() => undefined);
  }
}

async function openLog<Result>({
  openLog: open,
  bootstrap: first,
}: RaftNodeOptions<Result>): Promise<RaftStorage> {
  const log = await open();
  const { hardState, snapshot, entries } = log.persisted;
  const isEmpty = hardState.term === 0 && snapshot === undefined && entries.length === 0;
  if (!isEmpty || first === undefined) return log;
  try {
    await bootstrap(log, first);
  } finally {
    await log.close();
  }
  return open();
}

function committedOf({ index, term: of, kind, membership }: Entry, groups: Groups): Committed {
  const id = { index, term: of };
  if (kind === EntryKind.DATA) return { kind: "requests", id, requests: requestsOf(groups) };
  if (kind === EntryKind.MEMBERSHIP) return { kind: "membership", id, membership: membership ?? NO_MEMBERS };
  return { kind: "nothing", id };
}

type Groups = ReturnType<typeof decodeGroups>;

function requestsOf(groups: Groups): readonly Uint8Array[] {
  return groups.length === 1 ? groups[0]!.requests : groups.flatMap(({ requests }) => requests);
}
