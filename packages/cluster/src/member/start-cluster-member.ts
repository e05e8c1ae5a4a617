/** A member of a cluster in one call: directory, log, state, network, services. */
import { join } from "node:path";
import { openFront, openNativeFront, type GrpcFront } from "@lattice/grpc-front";
import { LatticeError } from "@lattice/model";
import { isMember, membersOf, type MemberId } from "@lattice/raft";
import { openRaftLog } from "@lattice/raft-log";
import { listenTcpPeers, type PeerEvents, type TcpPeers } from "@lattice/raft-net";
import {
  hasRoomOn,
  RaftNode,
  snapshotDirectory,
  systemMonotonicClock,
  type RaftNodeStatus,
} from "@lattice/raft-node";
import { openLmdbStorage, type LockFile } from "@lattice/storage";
import {
  MESSAGE_OVERHEAD_BYTES,
  QUOTA_BYTES_DEFAULT,
  REQUEST_BYTES_MAX,
  REQUEST_TIMEOUT_MS,
} from "../limits.ts";
import { EtcdMachine, STATE_TABLES } from "../machine/etcd-machine.ts";
import type { MemberRow } from "../machine/member-rows.ts";
import type { Outcome } from "../machine/outcome.ts";
import type { StoreTypes } from "../store/apply-store-request.ts";
import { storesOf } from "../store/store-state.ts";
import { assertTableNames } from "../store/store-rows.ts";
import { idText } from "./identity.ts";
import { lockDirectory, takeSeat, type Seat } from "./claim-directory.ts";
import { ClusterMemberCore } from "./cluster-member.ts";
import { memberMethods } from "./member-methods.ts";
import type { ClientEndpoint, ClusterMemberOptions } from "./options.ts";
import { replaceDamaged } from "./replace-damaged.ts";

/** When it got its seat it was a member: a state that is as far and has it not tells that it was removed since. */
function requireMembership({ applied, membership }: EtcdMachine, { memberId, clusterId, known }: Seat): void {
  const isKnown = membersOf(membership).length > 0;
  if (!isKnown || applied.index < known.asOf || isMember(membership, memberId)) return;
  throw new LatticeError(
    "failed-precondition",
    `member ${idText(memberId)} was removed from cluster ${idText(clusterId)}; ` +
      `to come back it is added again ("member add") and joins with an empty directory`,
  );
}

/** What others write to a store, this member must be able to apply. */
function requireTypes({ storage, storeTypes }: EtcdMachine): void {
  for (const { name, type } of storesOf((table) => storage.table(table))) {
    if (storeTypes.has(type)) continue;
    throw new LatticeError(
      "failed-precondition",
      `the cluster has a store "${name}" of type ${type}, which this member does not know: start it with --store ${type}, ` +
        `and --types where that comes from a module`,
    );
  }
}

/** Checked: stores that are wanted must be of a type that is there. */
function storeTypesOf({ storeTypes = [], stores = {} }: ClusterMemberOptions): StoreTypes {
  for (const { type, tables } of storeTypes) assertTableNames(type, tables);
  const types = new Map(storeTypes.map((each) => [each.type, each]));
  for (const type of Object.values(stores)) {
    if (types.has(type)) continue;
    const known = [...types.keys()].join(", ");
    throw new LatticeError(
      "invalid-argument",
      `there is no store type ${type}; this member knows ${known || "none"}`,
    );
  }
  return types;
}

/** Why a member does not run any more. */
export interface Ended {
  /** It was asked to stop; the cluster goes on without it; something failed for good. */
  readonly reason: "stopped" | "removed" | "failed";
  readonly message: string;
  readonly error?: LatticeError | undefined;
}

export interface ClusterMemberStatus extends RaftNodeStatus {
  /** What to do where there has been no leader for long. */
  readonly advice: string | undefined;
}

export interface ClusterMember extends AsyncDisposable {
  readonly id: MemberId;
  readonly clusterId: number;
  readonly name: string;
  readonly ports: { readonly client: number; readonly peer: number };
  status(): ClusterMemberStatus;
  /** Resolves, never rejects, once it has ended for whatever reason and has let go of everything. */
  readonly ended: Promise<Ended>;
  /** `transfer`: hands leadership over first, where it has it. May be called twice. */
  stop(options?: { readonly transfer?: boolean }): Promise<void>;
}

const ELECTION_TIMEOUT_MS_DEFAULT = 1_000;
const HEARTBEAT_MS_DEFAULT = 100;
/** How long clients may finish what they are doing. */
const GRACE_MS = 1_000;

/**
 * Resolves once it answers clients. Rejects with `in-use`, `corrupt`, `disk-full`, or `failed-precondition` where the directory
 * belongs to another member or cluster.
 */
export async function startClusterMember(options: ClusterMemberOptions): Promise<ClusterMember> {
  const lock = lockDirectory(options.dataDirectory);
  try {
    const seat = await soundSeat(options, await takeSeat(options));
    return await start(options, seat, lock);
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** Goes on with a replacement that was begun. */
async function soundSeat(options: ClusterMemberOptions, seat: Seat): Promise<Seat> {
  if (seat.replacedBy === undefined) return seat;
  const error = new LatticeError("corrupt", `the log in ${options.dataDirectory} is damaged`);
  return replaceDamaged({ options, seat, error, members: seat.known.rows });
}

async function start(options: ClusterMemberOptions, seat: Seat, lock: LockFile): Promise<ClusterMember> {
  const starter = new Starter(options, seat, lock);
  try {
    return await starter.start();
  } catch (cause) {
    const error = LatticeError.from(cause);
    if (error.code !== "corrupt") throw error;
    const members = starter.members.length > 0 ? starter.members : seat.known.rows;
    return new Starter(options, await replaceDamaged({ options, seat, error, members }), lock).start();
  }
}

class Starter {
  readonly #options: ClusterMemberOptions;
  readonly #seat: Seat;
  readonly #lock: LockFile;
  /** As this member's state had them. */
  members: readonly MemberRow[] = [];

  constructor(options: ClusterMemberOptions, seat: Seat, lock: LockFile) {
    this.#options = options;
    this.#seat = seat;
    this.#lock = lock;
  }

  async start(): Promise<ClusterMember> {
    const { client } = this.#options;
    const core = this.#open();
    const running = new RunningMember({ core, lock: this.#lock });
    const { node, peers } = await this.#join(core, running);
    core.attach(node, () => peers.connected);
    try {
      const front = await this.#openFront(core);
      running.begin(front, peers.addresses[0]!.port);
      void core.makeStores(this.#options.stores ?? {});
      void core.publish(client.advertise ?? [urlOf(client, front.port)]);
      return running;
    } catch (error) {
      core.close();
      await node.stop();
      throw error;
    }
  }

  /** What there is without the others. */
  #open(): ClusterMemberCore {
    const { dataDirectory, quotaBytes = QUOTA_BYTES_DEFAULT, log = () => {} } = this.#options;
    const { memberId: id, clusterId, name, known } = this.#seat;
    const clock = systemMonotonicClock;
    const machine = new EtcdMachine({
      directory: join(dataDirectory, "state"),
      openStorage: (path) => openLmdbStorage({ path, tables: STATE_TABLES, durability: "checkpoint" }),
      nowMs: () => clock.nowMs(),
      storeTypes: storeTypesOf(this.#options),
    });
    this.members = machine.members;
    requireMembership(machine, this.#seat);
    requireTypes(machine);
    const { electionTimeoutMs } = this.#pace;
    const requestTimeoutMs = REQUEST_TIMEOUT_MS + 2 * electionTimeoutMs;
    return new ClusterMemberCore({
      ...{ id, clusterId, name, known, machine, clock, electionTimeoutMs, requestTimeoutMs, log },
      ...{ dataDirectory, quotaBytes },
    });
  }

  async #join(
    core: ClusterMemberCore,
    running: RunningMember,
  ): Promise<{ node: RaftNode<Outcome>; peers: TcpPeers }> {
    const { dataDirectory, snapshotCount, tailCount } = this.#options;
    const { machine, id, known, requestTimeoutMs, clock, log } = core.parts;
    let peers: TcpPeers | undefined;
    try {
      const node = await RaftNode.start<Outcome>({
        ...{ id, machine, snapshotCount, tailCount, requestTimeoutMs, clock, raft: this.#pace },
        openLog: () => openRaftLog({ directory: join(dataDirectory, "log") }),
        bootstrap: this.#seat.bootstrap,
        snapshots: snapshotDirectory(join(dataDirectory, "snapshot")),
        connect: async (events) => (peers = await this.#listen(events)),
        hasRoom: () => hasRoomOn(dataDirectory),
        prepareReplacement: ({ note }) => core.prepareMember(note),
        isReplacement: known.rows.some((row) => row.id === id && !row.isLearner),
        events: {
          leaderChanged: (leader, term) => core.leaderChanged(leader, term),
          removed: (why) => running.removed(why),
          stateReplaced: ({ index }) =>
            log("info", `its state came from the leader, as a snapshot of entry ${index}`),
          paused: (why) => log("warn", `takes no part for now: ${why.message}`),
          resumed: () => log("info", "takes part again"),
          failed: (error) => running.failed(error),
        },
      });
      return { node, peers: peers! };
    } catch (error) {
      core.close();
      await machine.close();
      throw error;
    }
  }

  get #pace() {
    const { electionTimeoutMs = ELECTION_TIMEOUT_MS_DEFAULT, heartbeatMs = HEARTBEAT_MS_DEFAULT } =
      this.#options;
    return { electionTimeoutMs, heartbeatMs };
  }

  #listen(events: PeerEvents): Promise<TcpPeers> {
    const { host, port, tls } = this.#options.peer;
    const { clusterId: cluster, memberId: id } = this.#seat;
    const listen = [{ host, port, tls: tls !== undefined }];
    return listenTcpPeers({ cluster, id, listen, credentials: tls, events });
  }

  #openFront(core: ClusterMemberCore): Promise<GrpcFront> {
    const { client, frontKind = "own" } = this.#options;
    const open = frontKind === "own" ? openFront : openNativeFront;
    const { host, port, tls } = client;
    return open({
      methods: memberMethods(core, this.#options),
      host,
      port,
      ...(tls === undefined ? {} : { tls }),
      requestBytesMax: REQUEST_BYTES_MAX + MESSAGE_OVERHEAD_BYTES,
    });
  }
}

function urlOf({ host, tls }: ClientEndpoint, port: number): string {
  return `${tls === undefined ? "http" : "https"}://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

class RunningMember implements ClusterMember {
  readonly #core: ClusterMemberCore;
  readonly #lock: LockFile;
  readonly #ended = Promise.withResolvers<Ended>();
  #front: GrpcFront | undefined;
  #peerPort = 0;
  #stopping: Promise<void> | undefined;

  constructor({ core, lock }: { readonly core: ClusterMemberCore; readonly lock: LockFile }) {
    this.#core = core;
    this.#lock = lock;
  }

  begin(front: GrpcFront, peerPort: number): void {
    this.#front = front;
    this.#peerPort = peerPort;
  }

  get id(): MemberId {
    return this.#core.parts.id;
  }

  get clusterId(): number {
    return this.#core.parts.clusterId;
  }

  get name(): string {
    return this.#core.parts.name;
  }

  get ports() {
    return { client: this.#front!.port, peer: this.#peerPort };
  }

  get ended(): Promise<Ended> {
    return this.#ended.promise;
  }

  status(): ClusterMemberStatus {
    return { ...this.#core.status(), advice: this.#core.advice };
  }

  stop({ transfer = false }: { readonly transfer?: boolean } = {}): Promise<void> {
    return this.#end({ reason: "stopped", message: "stopped" }, transfer);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  removed(why: string): void {
    const { electionTimeoutMs, clock, log } = this.#core.parts;
    log("warn", `this member was removed from the cluster: ${why}`);
    // Who asked for it is to be answered.
    clock.after(electionTimeoutMs, () => void this.#end({ reason: "removed", message: why }, false));
  }

  failed(error: LatticeError): void {
    this.#core.parts.log("error", error.message);
    void this.#end({ reason: "failed", message: error.message, error }, false);
  }

  #end(ended: Ended, transfer: boolean): Promise<void> {
    this.#stopping ??= this.#stop(transfer).finally(() => this.#ended.resolve(ended));
    return this.#stopping;
  }

  async #stop(transfer: boolean): Promise<void> {
    try {
      this.#core.health.isServing = false;
      this.#core.leaderWatch.close();
      await this.#front?.close({ graceMs: GRACE_MS });
      await this.#core.node.stop({ transfer });
      this.#core.close();
    } finally {
      this.#lock.release();
    }
  }
}
