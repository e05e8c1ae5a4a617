/**
 * A member of a cluster as a whole: what its parts are and how they hear of each other. What was applied goes to the watches, the
 * lessor and the network; who leads, to whoever depends on it; and the services stand before all of it.
 */
import { randomBytes } from "node:crypto";
import { etcdserverpb, EtcdError } from "@lattice/etcd-proto";
import { LatticeError } from "@lattice/model";
import type { CallContext } from "@lattice/grpc-front";
import { Health } from "@lattice/api/supervision";
import {
  isMember,
  maxIndex,
  memberId,
  NOBODY,
  NO_TERM,
  type MemberId,
  type Membership,
  type MembershipChange,
  type Term,
} from "@lattice/raft";
import { reasonOf, type MonotonicClock, type RaftNode, type RaftNodeStatus } from "@lattice/raft-node";
import type { PeerAddress, PeerNetwork } from "@lattice/raft-net";
import { AuthGate } from "../auth/auth-gate.ts";
import { LeaderLeaseClock } from "../lease/lease-clock.ts";
import { Lessor } from "../lease/lessor.ts";
import { LEADERLESS_TIMEOUTS, NO_LEADER_TIMEOUTS } from "../limits.ts";
import type { BatchChanges } from "../machine/batch.ts";
import type { EtcdMachine } from "../machine/etcd-machine.ts";
import { encodeLeaseCheckpoints, encodeLeaseExpiry, type LeaseExpiry } from "../machine/lease-decision.ts";
import { encodeMember, isListener, type MemberRow } from "../machine/member-rows.ts";
import type { Done, Outcome } from "../machine/outcome.ts";
import { encodeRequest, RequestKind } from "../machine/request.ts";
import { commandAtLeader, serveCommands } from "../store/leader-commands.ts";
import { StoreHost } from "../store/store-host.ts";
import { encodeStoreRequest, type StoreOutcome } from "../store/store-request.ts";
import { LeaderWatch } from "../services/leader-watch.ts";
import type { MemberPort, ProposeOptions } from "../services/member-port.ts";
import { WatchHub } from "../watch/watch-hub.ts";
import { HeaderWriter } from "../wire/header-writer.ts";
import { AppliedWaiters } from "./applied-waiters.ts";
import { DESCRIBE, encodeDescription } from "./cluster-description.ts";
import { LeaderCalls } from "./leader-calls.ts";
import { LeaderSearch } from "./leader-search.ts";
import { MemberChanger } from "./member-changes.ts";
import type { KnownMembers } from "./member-file.ts";
import { etcdErrorOf } from "./node-errors.ts";
import type { Log } from "./options.ts";
import { parsePeerUrl } from "./peer-url.ts";
import { RoomWatch } from "./room-watch.ts";
import { StateSize } from "./state-size.ts";

export interface MemberParts {
  readonly id: MemberId;
  readonly clusterId: number;
  readonly name: string;
  readonly known: KnownMembers;
  readonly machine: EtcdMachine;
  readonly clock: MonotonicClock;
  readonly electionTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly dataDirectory: string;
  readonly quotaBytes: number;
  readonly log: Log;
}

const { NOSPACE } = etcdserverpb.AlarmType;
const { AlarmRequest_AlarmAction: Action } = etcdserverpb;

/** Between two tries of what waits for another change to end. */
const RETRY_MS = 50;
const PUBLISH_RETRY_MS = 500;

export class ClusterMemberCore implements MemberPort {
  readonly parts: MemberParts;
  readonly machine: EtcdMachine;
  readonly headerWriter: HeaderWriter;
  readonly hub: WatchHub;
  readonly lessor: Lessor;
  readonly leaderWatch: LeaderWatch;
  readonly gate: AuthGate;
  readonly health = new Health();
  readonly size: StateSize;
  readonly #room: RoomWatch;
  readonly #search: LeaderSearch;
  readonly #waiters = new AppliedWaiters();
  #connected: () => readonly MemberId[] = () => [];
  #node!: RaftNode<Outcome>;
  #leaderCalls!: LeaderCalls;
  #changer!: MemberChanger;
  /** From when it was attached. */
  #stores: StoreHost | undefined;
  #leaseClock!: LeaderLeaseClock;
  #isLearner = false;
  #leader: MemberId = NOBODY;
  #term = NO_TERM;
  #leaderWaiters: (() => void)[] = [];
  #isSweeping = false;
  #isStopped = false;

  constructor(parts: MemberParts) {
    this.parts = parts;
    const { machine, clock, electionTimeoutMs } = parts;
    this.machine = machine;
    this.headerWriter = new HeaderWriter({ clusterId: parts.clusterId, memberId: parts.id });
    this.hub = new WatchHub(this.#history(), machine.revision);
    this.lessor = new Lessor({
      nowMs: () => clock.nowMs(),
      after: (ms, callback) => clock.after(ms, callback),
      leases: () => machine.keys.leases(),
      revoke: (id, term) => this.#expire({ id, term }),
      checkpoint: (checkpoints, term) =>
        this.#proposeOwn(RequestKind.LEASE_CHECKPOINT, encodeLeaseCheckpoints({ term, checkpoints })),
    });
    this.leaderWatch = new LeaderWatch({
      patienceMs: NO_LEADER_TIMEOUTS * electionTimeoutMs,
      after: (ms, callback) => clock.after(ms, callback),
    });
    this.gate = new AuthGate({
      auth: machine.auth,
      appliedIndex: () => machine.applied.index,
      waitApplied: (index, signal) => this.#waiters.wait(index, signal),
    });
    this.health.isServing = false;
    const { quotaBytes, dataDirectory: directory, log, id } = parts;
    this.size = new StateSize({ machine, quotaBytes, exceeded: () => this.#room.exceeded() });
    this.#room = new RoomWatch({
      directory,
      size: this.size,
      isRaised: () =>
        machine.alarms.some(({ memberID, alarm }) => alarm === NOSPACE && memberID === BigInt(id)),
      turn: (isOn) => this.#turnAlarm(isOn),
      log,
    });
    this.#search = new LeaderSearch({
      clock,
      self: id,
      afterMs: LEADERLESS_TIMEOUTS * electionTimeoutMs,
      voters: () => machine.membership.voters,
      rows: () => (machine.members.length > 0 ? machine.members : parts.known.rows),
      connected: () => this.#connected(),
      log,
    });
    machine.listener = { applied: (changes) => this.#applied(changes), replaced: () => this.#replaced() };
  }

  /** Right after the node was started. */
  attach(node: RaftNode<Outcome>, connected: () => readonly MemberId[]): void {
    this.#node = node;
    this.#connected = connected;
    const { id, clusterId, requestTimeoutMs: timeoutMs, clock } = this.parts;
    const { network } = node;
    network.handle(DESCRIBE, () => this.#describe(), { isOpen: true });
    this.#leaderCalls = new LeaderCalls({ self: id, leader: () => node.leader, network, timeoutMs });
    this.#changer = new MemberChanger({
      self: id,
      clusterId,
      leaderCalls: this.#leaderCalls,
      isLeader: () => node.leader === id,
      view: () => ({ membership: this.machine.membership, rows: this.#memberRows() }),
      proposeRow: (row) => this.#proposeOwn(RequestKind.MEMBER, encodeMember(row)),
      changeMembership: (changes) => this.#changeMembership(changes),
      silenceMs: (member) => {
        const peer = node.status().peers.get(member);
        // A leader counts from when it begins to look for somebody; who has taken nothing yet was never heard.
        return peer === undefined || peer.match === 0 ? Infinity : clock.nowMs() - peer.heardAtMs;
      },
      salt: () => randomBytes(8).toString("hex"),
      readBarrier: () => this.readBarrier(),
    });
    this.#leaseClock = new LeaderLeaseClock({
      lessor: this.lessor,
      leaderCalls: this.#leaderCalls,
      nowMs: () => clock.nowMs(),
      confirmLead: () => this.#confirmLead(),
      grantedSeconds: (lease) => this.machine.keys.lease(lease)?.ttlSeconds,
      leaderChange: () => this.#leaderChange(),
      timeoutMs,
    });
    this.#stores = this.#openStores();
    const { leader, term } = node.status();
    this.leaderChanged(leader, term);
    this.#membersChanged();
  }

  get node(): RaftNode<Outcome> {
    return this.#node;
  }

  get changes(): MemberChanger {
    return this.#changer;
  }

  get stores(): StoreHost {
    return this.#stores!;
  }

  get leaseClock(): LeaderLeaseClock {
    return this.#leaseClock;
  }

  get term(): number {
    return this.#term;
  }

  get leader(): MemberId {
    return this.#leader;
  }

  get isLeader(): boolean {
    return this.#leader === this.parts.id;
  }

  // MemberPort

  propose({ kind, body, user, session }: ProposeOptions): Promise<Done> {
    const request = encodeRequest({ kind, body, user, session });
    return this.#node.propose(request).then(doneOf, fail);
  }

  readBarrier(): Promise<void> {
    return this.#node.readBarrier().catch(fail);
  }

  header(revision = this.machine.revision): etcdserverpb.ResponseHeader {
    return this.headerWriter.message(revision, this.#term);
  }

  admit({ metadata }: CallContext, what?: { readonly isServedByLearner: boolean }): void {
    if (what?.isServedByLearner !== true && this.isLearner) throw EtcdError.of("notSupportedForLearner");
    if (this.#leader === NOBODY && metadata.get("hasleader") === "true") throw EtcdError.of("noLeader");
  }

  // What is asked of it

  get isLearner(): boolean {
    return this.#isLearner;
  }

  members(): etcdserverpb.Member[] {
    const { membership } = this.machine;
    return this.#memberRows().map((row) => ({
      id: BigInt(row.id),
      name: row.name,
      peerURLs: [...row.peerUrls],
      clientURLs: [...row.clientUrls],
      isLearner: isListener(membership, row),
    }));
  }

  async moveLeader(target: bigint): Promise<void> {
    if (!this.isLeader) throw EtcdError.of("notLeader");
    const to = memberId(Number(target));
    if (!this.machine.membership.voters.includes(to)) throw EtcdError.of("badLeaderTransferee");
    try {
      await this.#node.transfer(to);
    } catch (error) {
      throw reasonOf(error) === "timeout" ? EtcdError.of("timeoutLeaderTransfer") : etcdErrorOf(error);
    }
  }

  /** Resolves once nothing that was compacted is left. */
  async swept(): Promise<void> {
    while (this.machine.keys.isSweeping && !this.#isStopped) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const cancel = this.parts.clock.after(RETRY_MS, resolve);
      await promise;
      cancel();
    }
  }

  /** Throws an `EtcdError` where the cluster takes nothing more, or not so much. */
  checkRoom(bytes: number): void {
    if (this.machine.alarms.some(({ alarm }) => alarm === NOSPACE)) throw EtcdError.of("noSpace");
    this.size.check(bytes);
  }

  /** What to do where there is no leader; undefined where there is one. */
  get advice(): string | undefined {
    return this.#search.advice;
  }

  status(): RaftNodeStatus {
    return this.#node.status();
  }

  // What it hears

  leaderChanged(leader: MemberId, term: Term): void {
    const { id, electionTimeoutMs, log } = this.parts;
    const before = this.#leader;
    const isNewTerm = term !== this.#term;
    this.#leader = leader;
    this.#term = term;
    this.health.isServing = leader !== NOBODY;
    this.leaderWatch.changed(leader !== NOBODY);
    if (leader !== before) this.#stores?.leaderChanged();
    this.#search.changed(leader !== NOBODY);
    if (leader === id && (isNewTerm || !this.lessor.isPrimary)) this.lessor.promote(term, electionTimeoutMs);
    else if (leader !== id && this.lessor.isPrimary) this.lessor.demote();
    if (leader !== before && leader !== NOBODY) {
      log("info", leader === id ? `leads in term ${term}` : `follows ${leader.toString(16)} in term ${term}`);
    }
    const waiting = this.#leaderWaiters;
    this.#leaderWaiters = [];
    for (const wake of waiting) wake();
    this.#sweep();
  }

  updatePeers(network: PeerNetwork): void {
    const { known, id } = this.parts;
    const { applied, members } = this.machine;
    const rows = applied.index < known.asOf || members.length === 0 ? [...known.rows, ...members] : members;
    const peers = new Map<MemberId, PeerAddress[]>();
    for (const row of rows) {
      if (row.id !== id) peers.set(row.id, addressesOf(row));
    }
    // Who has yet to be brought forward was taken in by an entry that it knows of: others may be behind that.
    network.setPeers(peers, maxIndex(applied.index, known.asOf));
  }

  /** Of one that is about to be: what others have to know of it (`encodeMember`). */
  async prepareMember(row: Uint8Array): Promise<void> {
    await this.#proposeOwn(RequestKind.MEMBER, row);
  }

  /** Says what this member is called and where clients find it, until the cluster knows. */
  async publish(clientUrls: readonly string[]): Promise<void> {
    const { id, name, clock } = this.parts;
    while (!this.#isStopped) {
      const row = this.machine.members.find((each) => each.id === id);
      const isKnown = row !== undefined && row.name === name && sameList(row.clientUrls, clientUrls);
      if (isKnown) return;
      const change = { id, isLearner: false, name, peerUrls: [], clientUrls };
      try {
        await this.#proposeOwn(RequestKind.MEMBER, encodeMember(change));
      } catch {
        // Without a leader, or on its way to be one of them.
      }
      await new Promise<void>((resolve) => clock.after(PUBLISH_RETRY_MS, resolve));
    }
  }

  close(): void {
    this.#isStopped = true;
    this.health.isServing = false;
    this.lessor.demote();
    this.leaderWatch.close();
    this.#stores?.close();
    this.#search.close();
    this.#room.close();
  }

  #openStores(): StoreHost {
    const { machine, gate, parts } = this;
    const leaderCalls = this.#leaderCalls;
    const host = new StoreHost({
      clusterId: parts.clusterId,
      types: machine.storeTypes,
      tables: (name) => machine.storage.table(name),
      propose: async (request) => {
        const body = encodeStoreRequest(request);
        this.checkRoom(body.length);
        return (await this.#proposeOwn(RequestKind.STORE, body)).response as StoreOutcome;
      },
      readBarrier: () => this.readBarrier(),
      atLeader: (store, method, message) => commandAtLeader(leaderCalls, { store, method, message }),
      isLeader: () => this.isLeader,
      gate,
      checker: { auth: machine.auth, leaseKeys: (id) => machine.keys.leaseKeys(id) },
    });
    serveCommands(leaderCalls, host);
    return host;
  }

  /** Makes the stores that are wanted, as soon as there is somebody to make them. */
  async makeStores(stores: Readonly<Record<string, string>>): Promise<void> {
    const { clock, log } = this.parts;
    for (const [name, type] of Object.entries(stores)) {
      while (!this.#isStopped && !this.stores.rows().some((row) => row.name === name)) {
        try {
          await this.stores.create(name, type);
        } catch (error) {
          // What cannot be made is told; what can be made later is tried again.
          if (error instanceof LatticeError) {
            log("error", error.message);
            break;
          }
        }
        await new Promise<void>((resolve) => clock.after(PUBLISH_RETRY_MS, resolve));
      }
    }
  }

  #memberRows(): MemberRow[] {
    const { membership, members } = this.machine;
    return members.filter(({ id }) => isMember(membership, id));
  }

  #applied(changes: BatchChanges): void {
    // First, so that nobody is told what he may not see any more.
    this.machine.auth.announceChanges();
    this.hub.publish(changes.events, changes.revision);
    this.size.grown();
    for (const lease of changes.grantedLeases) this.lessor.granted(lease);
    for (const id of changes.revokedLeases) this.lessor.revoked(id);
    if (changes.stores.length > 0) this.#stores?.applied(changes.stores);
    if (changes.areMembersNew) this.#membersChanged();
    this.#waiters.applied(this.machine.applied.index);
    if (changes.hasCompacted) this.#sweep();
  }

  #replaced(): void {
    this.machine.auth.announceChanges();
    this.hub.replaced(this.machine.revision);
    this.#stores?.replaced();
    this.#membersChanged();
    this.#waiters.applied(this.machine.applied.index);
    if (this.isLeader) this.lessor.promote(this.#term, this.parts.electionTimeoutMs);
  }

  #membersChanged(): void {
    const { membership, members } = this.machine;
    this.#isLearner = members.some((row) => row.id === this.parts.id && isListener(membership, row));
    // At the start there is no network yet.
    if (this.#node !== undefined) this.updatePeers(this.#node.network);
  }

  #history() {
    const { machine } = this.parts;
    return {
      get firstRevision(): number {
        return Math.max(1, machine.keys.compactRevision);
      },
      events: ({ key, end }: { key: Uint8Array; end: Uint8Array | undefined }, from: number) =>
        machine.keys.eventsFrom(from, {
          key,
          rangeEnd: end === undefined ? NO_BYTES : end.length === 0 ? ZERO : end,
        }),
    };
  }

  #proposeOwn(kind: RequestKind, body: Uint8Array): Promise<Done> {
    return this.propose({ kind, body, user: undefined });
  }

  #expire(expiry: LeaseExpiry): Promise<unknown> {
    return this.#proposeOwn(RequestKind.LEASE_EXPIRE, encodeLeaseExpiry(expiry)).catch((error: unknown) => {
      // Somebody else has revoked it.
      if (!(error instanceof EtcdError) || !isLeaseGone(error)) throw error;
    });
  }

  #turnAlarm(isOn: boolean): Promise<Done> {
    const action = isOn ? Action.ACTIVATE : Action.DEACTIVATE;
    const request = { action, memberID: BigInt(this.parts.id), alarm: NOSPACE };
    return this.#proposeOwn(RequestKind.ALARM, etcdserverpb.AlarmRequest.toBinary(request));
  }

  async #confirmLead(): Promise<void> {
    if (!this.isLeader) throw EtcdError.of("notLeader");
    await this.readBarrier();
    if (!this.isLeader) throw EtcdError.of("notLeader");
  }

  #leaderChange(): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.parts.clock.after(RETRY_MS * 2, resolve);
      this.#leaderWaiters.push(() => {
        cancel();
        resolve();
      });
    });
  }

  /** Another change may be on its way; a new leader may not be ready for one. */
  async #changeMembership(changes: readonly MembershipChange[]): Promise<Membership> {
    const { clock, requestTimeoutMs } = this.parts;
    const givenUpAtMs = clock.nowMs() + requestTimeoutMs;
    for (;;) {
      try {
        return await this.#node.changeMembership(changes);
      } catch (error) {
        if (reasonOf(error) !== "change-under-way" || clock.nowMs() >= givenUpAtMs) throw etcdErrorOf(error);
      }
      await new Promise<void>((resolve) => clock.after(RETRY_MS, resolve));
    }
  }

  #describe(): Uint8Array {
    const { membership, members, applied } = this.machine;
    return encodeDescription({ asOf: applied.index, membership, rows: members });
  }

  /** The leader asks for what was compacted to be removed, a portion at a time, so that all members do it at the same place. */
  #sweep(): void {
    if (this.#isStopped || !this.isLeader || this.#isSweeping || !this.machine.keys.isSweeping) return;
    this.#isSweeping = true;
    void this.#proposeOwn(RequestKind.SWEEP, NO_BYTES).then(
      () => {
        this.#isSweeping = false;
        this.#sweep();
      },
      // Whoever leads next goes on.
      () => (this.#isSweeping = false),
    );
  }
}

const NO_BYTES = new Uint8Array();
const ZERO = Uint8Array.of(0);

function doneOf(outcome: Outcome): Done {
  if (outcome instanceof EtcdError) throw outcome;
  return outcome;
}

function fail(error: unknown): never {
  throw etcdErrorOf(error);
}

function isLeaseGone({ message }: EtcdError): boolean {
  return message === EtcdError.of("leaseNotFound").message;
}

function addressesOf({ peerUrls }: MemberRow): PeerAddress[] {
  return peerUrls.map(parsePeerUrl).filter((address) => address !== undefined);
}

function sameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((each, at) => each === b[at]);
}
