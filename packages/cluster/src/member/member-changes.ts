/**
 * Changes of who is a member, with the checks of etcd, which refuse what would cost the cluster its majority. The leader does them,
 * one at a time: a member's row, then the membership that takes it in.
 */
import { etcdserverpb, EtcdError } from "@lattice/etcd-proto";
import {
  memberId,
  membersOf,
  PackReader,
  PackWriter,
  type MemberId,
  type Membership,
  type MembershipChange,
} from "@lattice/raft";
import { HEALTHY_MS, LEARNERS_MAX } from "../limits.ts";
import { isListener, type MemberRow } from "../machine/member-rows.ts";
import type { MemberChanges } from "../services/cluster-service.ts";
import { addedMemberId } from "./identity.ts";
import type { LeaderCalls } from "./leader-calls.ts";
import { parsePeerUrl, peerUrl } from "./peer-url.ts";

export interface MembersView {
  readonly membership: Membership;
  /** Of its members. */
  readonly rows: readonly MemberRow[];
}

export interface MemberChangerPorts {
  readonly self: MemberId;
  readonly clusterId: number;
  readonly leaderCalls: LeaderCalls;
  readonly isLeader: () => boolean;
  /** As this member has applied it. */
  readonly view: () => MembersView;
  readonly proposeRow: (row: MemberRow) => Promise<unknown>;
  /** Rejects with an `EtcdError`. */
  readonly changeMembership: (changes: readonly MembershipChange[]) => Promise<unknown>;
  /** How long ago the leader heard of a member. */
  readonly silenceMs: (id: MemberId) => number;
  /** Never the same text twice. */
  readonly salt: () => string;
  /** Waits until this member shows what has been done. */
  readonly readBarrier: () => Promise<void>;
}

const METHOD = "cluster.change-members";
const ADD = 0;
const REMOVE = 1;
const UPDATE = 2;
const PROMOTE = 3;

const NO_URLS: readonly string[] = [];

export class MemberChanger implements MemberChanges {
  readonly #ports: MemberChangerPorts;
  #last: Promise<unknown> = Promise.resolve();

  constructor(ports: MemberChangerPorts) {
    this.#ports = ports;
    ports.leaderCalls.handle(METHOD, (request) => this.#serve(request));
  }

  async add(peerUrls: readonly string[], isLearner: boolean): Promise<etcdserverpb.Member> {
    const answer = await this.#ask({ operation: ADD, id: 0, isLearner, peerUrls: normalUrls(peerUrls) });
    return etcdserverpb.Member.fromBinary(answer);
  }

  async remove(id: bigint): Promise<void> {
    await this.#ask({ operation: REMOVE, id: numberOf(id), isLearner: false, peerUrls: NO_URLS });
  }

  async update(id: bigint, peerUrls: readonly string[]): Promise<void> {
    const urls = normalUrls(peerUrls);
    await this.#ask({ operation: UPDATE, id: numberOf(id), isLearner: false, peerUrls: urls });
  }

  async promote(id: bigint): Promise<void> {
    await this.#ask({ operation: PROMOTE, id: numberOf(id), isLearner: false, peerUrls: NO_URLS });
  }

  async #ask(change: Change): Promise<Uint8Array> {
    const answer = await this.#ports.leaderCalls.call(METHOD, encodeChange(change));
    const isLeaving = change.operation === REMOVE && change.id === this.#ports.self;
    // What it answers along with it is to show the change; a member that has just been removed cannot wait for that.
    if (!isLeaving) await this.#ports.readBarrier();
    return answer;
  }

  /** One after the other. */
  async #serve(request: Uint8Array): Promise<Uint8Array> {
    const change = decodeChange(request);
    const before = this.#last;
    const own = before.then(
      () => this.#make(change),
      () => this.#make(change),
    );
    this.#last = own;
    return own;
  }

  async #make(change: Change): Promise<Uint8Array> {
    if (!this.#ports.isLeader()) throw EtcdError.of("notLeader");
    switch (change.operation) {
      case ADD:
        return this.#add(change);
      case REMOVE:
        await this.#remove(memberId(change.id));
        break;
      case UPDATE:
        await this.#update(memberId(change.id), change.peerUrls);
        break;
      case PROMOTE:
        await this.#promote(memberId(change.id));
        break;
      default:
        throw EtcdError.of("notCapable");
    }
    return new Uint8Array();
  }

  async #add({ peerUrls, isLearner }: Change): Promise<Uint8Array> {
    const { clusterId, salt, view, proposeRow, changeMembership } = this.#ports;
    if (!isLearner) this.#checkMajorityAfterAdd();
    const { rows, membership } = view();
    if (isTaken(peerUrls, rows)) throw EtcdError.of("peerUrlExist");
    const listeners = rows.filter((row) => isListener(membership, row));
    if (isLearner && listeners.length >= LEARNERS_MAX) throw EtcdError.of("tooManyLearners");
    const id = addedMemberId(clusterId, peerUrls, salt());
    await proposeRow({ id, isLearner, name: "", peerUrls, clientUrls: [] });
    // It asks for its vote by itself, once it runs and has what the others have: until then the majority is what it was.
    await changeMembership([{ kind: "add-learner", member: id }]);
    const member = { id: BigInt(id), peerURLs: [...peerUrls], isLearner };
    return etcdserverpb.Member.toBinary(etcdserverpb.Member.create(member));
  }

  async #remove(id: MemberId): Promise<void> {
    const view = this.#find(id);
    if (votersOf(view).includes(id)) this.#checkMajorityAfterRemove(id);
    await this.#ports.changeMembership([{ kind: "remove", member: id }]);
  }

  async #update(id: MemberId, peerUrls: readonly string[]): Promise<void> {
    const { rows } = this.#find(id);
    const others = rows.filter((row) => row.id !== id);
    if (isTaken(peerUrls, others)) throw EtcdError.of("peerUrlExist");
    await this.#ports.proposeRow({ id, isLearner: false, name: "", peerUrls, clientUrls: [] });
  }

  async #promote(id: MemberId): Promise<void> {
    const view = this.#find(id);
    if (votersOf(view).includes(id)) throw EtcdError.of("memberNotLearner");
    await this.#ports.changeMembership([{ kind: "add-voter", member: id }]);
  }

  #find(id: MemberId): MembersView {
    const view = this.#ports.view();
    if (!membersOf(view.membership).includes(id)) throw EtcdError.of("memberNotFound");
    return view;
  }

  /** A member that has not started cannot vote, but counts. One that is alone may always be joined. */
  #checkMajorityAfterAdd(): void {
    const { voters, started } = this.#voters();
    const count = voters.length + 1;
    const isFirstJoin = started === 1 && count === 2;
    if (!isFirstJoin && started < majorityOf(count)) throw EtcdError.of("memberNotEnoughStarted");
    if (voters.some((id) => !this.#isHealthy(id))) throw EtcdError.of("unhealthy");
  }

  #checkMajorityAfterRemove(id: MemberId): void {
    const { voters, started } = this.#voters(id);
    if (started < majorityOf(voters.length)) throw EtcdError.of("memberNotEnoughStarted");
    // To take out one that is down takes nothing away.
    if (!this.#isHealthy(id)) return;
    const healthy = voters.filter((voter) => this.#isHealthy(voter)).length;
    if (healthy < majorityOf(voters.length)) throw EtcdError.of("unhealthy");
  }

  #voters(without?: MemberId): { readonly voters: readonly MemberId[]; readonly started: number } {
    const view = this.#ports.view();
    const voters = votersOf(view).filter((id) => id !== without);
    const started = view.rows.filter(({ id, name }) => voters.includes(id) && name !== "").length;
    return { voters, started };
  }

  #isHealthy(id: MemberId): boolean {
    return id === this.#ports.self || this.#ports.silenceMs(id) <= HEALTHY_MS;
  }
}

/** With those who are on their way to be. */
function votersOf({ membership, rows }: MembersView): MemberId[] {
  const ids = membersOf(membership);
  return rows.filter((row) => ids.includes(row.id) && !isListener(membership, row)).map(({ id }) => id);
}

function isTaken(peerUrls: readonly string[], rows: readonly MemberRow[]): boolean {
  return rows.some((row) => row.peerUrls.some((url) => peerUrls.includes(url)));
}

function majorityOf(count: number): number {
  return Math.floor(count / 2) + 1;
}

/** As they will be compared. Throws where one is none, or there is none. */
function normalUrls(urls: readonly string[]): string[] {
  const addresses = urls.map(parsePeerUrl);
  if (addresses.length === 0) throw EtcdError.of("memberBadUrls");
  return addresses.map((address) => {
    if (address === undefined) throw EtcdError.of("memberBadUrls");
    return peerUrl(address);
  });
}

/** Nobody has an id of more than 53 bits. */
function numberOf(id: bigint): number {
  if (id <= 0n || id > BigInt(Number.MAX_SAFE_INTEGER)) throw EtcdError.of("memberNotFound");
  return Number(id);
}

interface Change {
  readonly operation: number;
  /** 0 where there is none. */
  readonly id: number;
  readonly isLearner: boolean;
  readonly peerUrls: readonly string[];
}

function encodeChange({ operation, id, isLearner, peerUrls }: Change): Uint8Array {
  const writer = new PackWriter();
  writer.uint(operation);
  writer.uint(id);
  writer.uint(isLearner ? 1 : 0);
  writer.array(peerUrls.length);
  for (const url of peerUrls) writer.bin(Buffer.from(url, "utf8"));
  return writer.written;
}

function decodeChange(bytes: Uint8Array): Change {
  const reader = new PackReader(bytes);
  const [operation, id, learner] = [reader.uint(), reader.uint(), reader.uint()];
  const peerUrls: string[] = [];
  for (let left = reader.array(); left > 0; left--) peerUrls.push(Buffer.from(reader.bin()).toString("utf8"));
  return { operation, id, isLearner: learner === 1, peerUrls };
}
