/**
 * A member of a cluster: a Raft instance on its log, the network, a clock, and the state machine that the cluster replicates.
 *
 * What is proposed at any member reaches the leader's log and is answered by this member's own machine, once that has applied it.
 *
 * The machine outlives Raft instances: where the log can be written no more, what is in it decides how a new instance goes on.
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
  type SnapshotMeta,
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
import { Compaction } from "./compaction.ts";
import { failure } from "./errors.ts";
import { Exclusive } from "./exclusive.ts";
import { Farewell } from "./farewell.ts";
import { Life } from "./life.ts";
import { REQUEST_BYTES_MAX, RESUME_POLL_MS, SNAPSHOT_COUNT_DEFAULT } from "./limits.ts";
import { MembershipChanges } from "./membership-changes.ts";
import { systemMonotonicClock, type MonotonicClock } from "./monotonic-clock.ts";
import { raftOptionsOf, tickMsOf } from "./pace.ts";
import { Proposals } from "./proposals.ts";
import { ReadBarriers } from "./read-barriers.ts";
import { Replacements, SelfPromotion, type Replacement } from "./replacement.ts";
import { decodeGroups, type RequestGroup } from "./request-group.ts";
import type { SnapshotFiles } from "./snapshot-files.ts";
import { isDamagedOnItsWay, settleStaged, SnapshotReceiver } from "./snapshot-receiver.ts";
import { SnapshotSender } from "./snapshot-sender.ts";
import type { Committed, StateMachine } from "./state-machine.ts";
import { bestSuccessor, Transfers } from "./transfers.ts";

export interface RaftNodeEvents {
  /** Another member leads, or nobody does (`NOBODY`), as far as this one knows. */
  readonly leaderChanged: (leader: MemberId, term: Term) => void;
  /** A membership was applied, joint ones as well, or came with a snapshot. The machine has seen it. */
  readonly membershipApplied: (membership: Membership, id: EntryId) => void;
  /** The state is another one: it came from the leader. */
  readonly stateReplaced: (id: EntryId) => void;
  /** This member is none any more. It can be stopped. */
  readonly removed: (why: string) => void;
  /** It takes no part for now, since its disk is full: it applies nothing, and what its machine shows becomes old. */
  readonly paused: (why: LatticeError) => void;
  readonly resumed: () => void;
  /** It does not take part any more: something failed for good. Whoever owns it calls `stop`. */
  readonly failed: (error: LatticeError) => void;
}

export interface RaftNodeOptions<Result> {
  readonly id: MemberId;
  /** The node's until it has stopped; it closes it then. */
  readonly machine: StateMachine<Result>;
  /** Opens the log: at the start, and again after the disk was full. */
  readonly openLog: () => Promise<RaftStorage>;
  /** Where the log is empty: this member is one of the first of a new cluster. Who joins one has no `bootstrap`. */
  readonly bootstrap?: Bootstrap | undefined;
  readonly snapshots: SnapshotFiles;
  readonly connect: (events: PeerEvents) => Promise<PeerNetwork>;
  readonly events?: Partial<RaftNodeEvents> | undefined;
  readonly raft?: Partial<RaftOptions> | undefined;
  /** Before a member takes the place of one whose log is damaged: makes known to the others what they have to know of it. */
  readonly prepareReplacement?: ((replacement: Replacement) => Promise<void>) | undefined;
  /** This member takes the place of one whose log was damaged, so it becomes a voter by itself once it is in sync. */
  readonly isReplacement?: boolean | undefined;
  /** After so many entries the machine is checkpointed and the log cut off. Default: 1,000. */
  readonly snapshotCount?: number | undefined;
  /** So many are kept in front of that. Default: 5,000, and 8 MiB at the most. */
  readonly tailCount?: number | undefined;
  /** After this long a request or a read that was not answered is given up, in milliseconds. Default: 5 s and two election timeouts, as etcd. */
  readonly requestTimeoutMs?: number | undefined;
  /** Whether a disk that was full has room again. Default: that is found out by trying. */
  readonly hasRoom?: (() => Promise<boolean>) | undefined;
  readonly clock?: MonotonicClock | undefined;
  /** At least 0, below 1. Default: `Math.random`. */
  readonly random?: (() => number) | undefined;
}

export interface RaftNodeStatus extends RaftStatus {
  /** Of a member that is not running the rest is what was true last. */
  readonly state: "running" | "paused" | "failed" | "stopped";
}

/** Members' calls to each other. */
const PROPOSE = "raft.propose";
const NOTHING = new Uint8Array();

export class RaftNode<Result> implements AsyncDisposable {
  readonly #options: RaftNodeOptions<Result>;
  readonly #raftOptions: RaftOptions;
  readonly #network: PeerNetwork;
  readonly #clock: MonotonicClock;
  readonly #tickMs: number;
  readonly #proposals: Proposals<Result>;
  readonly #reads: ReadBarriers;
  readonly #changes: MembershipChanges;
  readonly #transfers: Transfers;
  readonly #machineTurn = new Exclusive();
  readonly #compaction: Compaction;
  readonly #sender: SnapshotSender;
  readonly #receiver: SnapshotReceiver;
  readonly #calls = new AbortController();
  /** Until it is a voter. */
  #promotion: SelfPromotion | undefined;
  #life: Life;
  #farewell: Farewell | undefined;
  #reviving: Promise<void> | undefined;
  /** Ends a wait of whoever revives it. */
  #hurry: () => void = () => {};
  #state: RaftNodeStatus["state"] = "running";
  #leader: { readonly id: MemberId; readonly term: Term };
  #tickedAtMs = -Infinity;
  #hasBeenMember: boolean;
  #stopped: Promise<void> | undefined;

  /**
   * Resolves once it takes part. Rejects as opening its log does, or its network, and with `corrupt` where state and log do not go
   * together.
   */
  static async start<Result>(options: RaftNodeOptions<Result>): Promise<RaftNode<Result>> {
    await options.snapshots.clear();
    const log = await openLog(options);
    let node: RaftNode<Result> | undefined;
    try {
      await settleStaged(options.machine, log.persisted);
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
    if (node.#farewell === undefined) node.#life.input(run);
    else node.#farewell.input(run);
  }

  static #refused<Result>(node: RaftNode<Result>, because: RefusedBecause, text: string): void {
    if (because === "removed") node.#options.events?.removed?.(text);
  }

  private constructor(options: RaftNodeOptions<Result>, log: RaftStorage, network: PeerNetwork) {
    const { id, machine, clock = systemMonotonicClock, random = Math.random, snapshots: files } = options;
    this.#options = options;
    this.#raftOptions = raftOptionsOf(options.raft);
    this.#tickMs = tickMsOf(this.#raftOptions);
    this.#network = network;
    this.#clock = clock;
    const { electionTimeoutMs, chunkBytesMax } = this.#raftOptions;
    const nowMs = () => clock.nowMs();
    const timeoutMs = options.requestTimeoutMs ?? 5000 + 2 * electionTimeoutMs;
    const waiting = { nowMs, timeoutMs, patienceMs: electionTimeoutMs, wake: () => this.#life.wake() };
    this.#proposals = new Proposals({
      ...waiting,
      member: id,
      session: Math.floor(random() * 2 ** 48),
      forward: (leader, inTerm, group) => this.#forward(leader, inTerm, group),
    });
    this.#reads = new ReadBarriers(waiting);
    this.#changes = new MembershipChanges({ nowMs, timeoutMs });
    this.#transfers = new Transfers({ nowMs, timeoutMs: 2 * electionTimeoutMs });
    const common = { machine, machineTurn: this.#machineTurn, clock };
    const send = network.send.bind(network);
    this.#sender = new SnapshotSender({ ...common, files, chunkBytesMax, electionTimeoutMs, send });
    this.#receiver = new SnapshotReceiver({ ...common, files, adopted: (meta) => this.#adopted(meta) });
    this.#compaction = new Compaction({
      ...common,
      snapshotCount: options.snapshotCount ?? SNAPSHOT_COUNT_DEFAULT,
      tailCount: options.tailCount,
      pinned: () => this.#sender.pinned,
      failed: (error) => this.#failed(error),
    });
    network.handle(PROPOSE, (request) => this.#proposeForwarded(request));
    new Replacements({
      network,
      raft: () => this.#life.raft,
      prepare: async (replacement) => options.prepareReplacement?.(replacement),
      changeMembership: (changes) => this.changeMembership(changes),
    }).listen();
    const { signal } = this.#calls;
    if (options.isReplacement === true) this.#promotion = new SelfPromotion({ id, network, clock, signal });
    this.#life = this.#begin(log);
    this.#hasBeenMember = isMember(this.#life.raft.membershipAt(machine.applied.index), id);
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
    if (request.length > REQUEST_BYTES_MAX) {
      const text = `a request of ${request.length} bytes, of ${REQUEST_BYTES_MAX} at the most`;
      return Promise.reject(new LatticeError("too-large", text));
    }
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
    const { id, random = Math.random, machine } = this.#options;
    const raft = new Raft({
      id,
      persisted: log.persisted,
      applied: machine.applied.index,
      random,
      nowMs: this.#clock.nowMs(),
      options: this.#raftOptions,
    });
    const life: Life = new Life({
      raft,
      log,
      tickMs: this.#tickMs,
      ports: {
        clock: this.#clock,
        network: this.#network,
        steps: this.#receiver,
        enter: (each) => this.#enter(each),
        readsAnswered: (reads) => this.#reads.answered(reads, machine.applied.index),
        apply: (entries) => this.#apply(entries),
        leave: () => this.#look(life),
        sendChunk: (chunk) => this.#sender.send(life, chunk),
        failed: (error) => this.#lifeFailed(error),
      },
    });
    return life;
  }

  #enter(raft: Raft): void {
    this.#tick(raft);
    this.#proposals.flush(raft);
    this.#reads.flush(raft);
  }

  #tick(raft: Raft): void {
    const nowMs = this.#clock.nowMs();
    if (nowMs - this.#tickedAtMs < this.#tickMs) return;
    this.#tickedAtMs = nowMs;
    this.#proposals.tick(raft);
    this.#reads.tick();
    this.#changes.tick();
    this.#sender.tick(this.#life);
    if (this.#promotion?.look(raft) === true) this.#promotion = undefined;
  }

  #apply(entries: readonly Entry[]): void {
    const groups = entries.map(({ kind, data }) => (kind === EntryKind.DATA ? decodeGroups(data) : []));
    const { machine } = this.#options;
    const results = machine.apply(entries.map((entry, at) => committedOf(entry, groups[at]!)));
    let bytes = 0;
    for (const [at, entry] of entries.entries()) {
      const id = { index: entry.index, term: entry.term };
      this.#proposals.applied(entry.term, groups[at]!, results[at] ?? []);
      // Whoever sent it here waits until it is applied there.
      for (const { member } of groups[at]!) this.#life.hurry(member);
      this.#changes.applied(id, entry.membership);
      if (entry.membership !== undefined) this.#membershipApplied(entry.membership, id);
      bytes += entry.data.length;
    }
    this.#compaction.applied(bytes);
    this.#reads.applied(machine.applied.index);
  }

  #membershipApplied(membership: Membership, id: EntryId): void {
    this.#options.events?.membershipApplied?.(membership, id);
    const isIn = isMember(membership, this.id);
    // Who joins is shown memberships from before its time.
    const isRemoved = this.#hasBeenMember && !isIn && !isJoint(membership);
    if (isRemoved) this.#options.events?.removed?.("the cluster goes on without this member");
    this.#hasBeenMember ||= isIn;
  }

  /** The state is that of a snapshot from the leader. Its bytes are not kept, so it cannot be passed on. */
  #adopted({ index, term: of, membership }: SnapshotMeta): void {
    const id = { index, term: of };
    this.#life.input((raft) => raft.offerSnapshot(undefined));
    this.#options.events?.stateReplaced?.(id);
    this.#proposals.skipped(of);
    this.#changes.skipped(membership);
    this.#membershipApplied(membership, id);
    this.#reads.applied(index);
  }

  /** Whatever may have changed. */
  #look(life: Life): void {
    const { raft } = life;
    this.#transfers.look(raft);
    this.#compaction.look(life);
    this.#sender.look(life);
    const { leader, term: now } = raft;
    if (leader === this.#leader.id && now === this.#leader.term) return;
    this.#leader = { id: leader, term: now };
    this.#options.events?.leaderChanged?.(leader, now);
    // What waited for a leader goes on.
    if (leader !== NOBODY) life.wake();
  }

  #ask<T>(run: (raft: Raft) => Promise<T>): Promise<T> {
    if (this.#state === "paused") return Promise.reject(failure("no-space"));
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

  #lifeFailed(error: LatticeError): void {
    if (this.#state !== "running") return;
    if (error.code === "disk-full") this.#pause(error);
    else if (isDamagedOnItsWay(error)) this.#revive({ waitsForRoom: false });
    else this.#failed(error);
  }

  #pause(error: LatticeError): void {
    this.#state = "paused";
    this.#giveUp(failure("no-space"));
    const { raft } = this.#life;
    if (raft.role === "leader") {
      this.#farewell = new Farewell({
        raft,
        network: this.#network,
        clock: this.#clock,
        tickMs: this.#tickMs,
        timeoutMs: this.#raftOptions.electionTimeoutMs,
      });
    }
    this.#options.events?.paused?.(error);
    this.#revive({ waitsForRoom: true });
  }

  #revive(how: { readonly waitsForRoom: boolean }): void {
    this.#reviving ??= this.#reviveWhenPossible(how).finally(() => (this.#reviving = undefined));
  }

  /** Begins a new life from what the disk holds. Never rejects. */
  async #reviveWhenPossible({ waitsForRoom }: { readonly waitsForRoom: boolean }): Promise<void> {
    try {
      await this.#life.end();
      await this.#receiver.forget();
      const log = await this.#openLogAgain(waitsForRoom);
      if (log === undefined) return;
      this.#farewell?.end();
      this.#farewell = undefined;
      this.#life = this.#begin(log);
    } catch (error) {
      this.#failed(LatticeError.from(error));
      return;
    }
    this.#proposals.reopen();
    this.#reads.reopen();
    this.#reads.forgetAsked();
    if (!waitsForRoom) return;
    this.#state = "running";
    this.#options.events?.resumed?.();
  }

  /** Once there is room; undefined where this member has ended before. */
  async #openLogAgain(waitsForRoom: boolean): Promise<RaftStorage | undefined> {
    const { openLog: open, hasRoom = async () => true } = this.#options;
    for (;;) {
      await this.#pass(RESUME_POLL_MS);
      if (this.#isOver) return undefined;
      if (waitsForRoom && !(await hasRoom())) continue;
      try {
        return await open();
      } catch (error) {
        if (LatticeError.from(error).code !== "disk-full") throw error;
      }
    }
  }

  #pass(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#clock.after(ms, resolve);
      this.#hurry = () => {
        cancel();
        resolve();
      };
    });
  }

  get #isOver(): boolean {
    return this.#state === "failed" || this.#state === "stopped";
  }

  #failed(error: LatticeError): void {
    if (this.#isOver) return;
    this.#state = "failed";
    const details = { ...error.details, reason: "stopped" };
    this.#giveUp(new LatticeError(error.code, error.message, { details, cause: error }));
    void this.#life.end();
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
    const isSound = this.#state === "running";
    this.#state = "stopped";
    this.#giveUp(failure("stopped"));
    this.#calls.abort();
    this.#farewell?.end();
    this.#hurry();
    await this.#reviving;
    await this.#life.end();
    await this.#network.close();
    await this.#sender.close();
    await this.#receiver.forget();
    const { machine } = this.#options;
    // If that fails, the log has what the state lacks.
    if (isSound) await this.#machineTurn.run(() => machine.checkpoint()).catch(() => undefined);
    await machine.close();
  }

  /** That nobody can take it is no reason to stay. */
  async #handOver(): Promise<void> {
    const successor = bestSuccessor(this.#life.raft);
    if (successor !== undefined) await this.transfer(successor).catch(() => undefined);
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

function committedOf(
  { index, term: of, kind, membership }: Entry,
  groups: readonly RequestGroup[],
): Committed {
  const id = { index, term: of };
  if (kind === EntryKind.DATA) return { kind: "requests", id, requests: requestsOf(groups) };
  if (kind === EntryKind.MEMBERSHIP) return { kind: "membership", id, membership: membership ?? NO_MEMBERS };
  return { kind: "nothing", id };
}

function requestsOf(groups: readonly RequestGroup[]): readonly Uint8Array[] {
  return groups.length === 1 ? groups[0]!.requests : groups.flatMap(({ requests }) => requests);
}
