/** Clusters of members in this process, whose disks outlive them. */
import type { LatticeError } from "@lattice/model";
import { FakeDisk } from "@lattice/testkit";
import { memberId, membershipOf, MemoryRaftStorage, type MemberId, type RaftOptions } from "@lattice/raft";
import { MemoryPeers } from "@lattice/raft-net";
import {
  MemorySnapshotFiles,
  RaftNode,
  reasonOf,
  type RaftNodeEvents,
  type RaftNodeOptions,
} from "../../src/index.ts";
import { TextDisk, TextMachine } from "./text-machine.ts";

/** Short, so that tests are. */
export const QUICK: Partial<RaftOptions> = { electionTimeoutMs: 200, heartbeatMs: 20, suspicionMs: [5, 30] };
export const CLUSTER = 77;

/** What a member leaves behind, on one disk. */
export class Place {
  readonly disk = new FakeDisk();
  log = new MemoryRaftStorage({ disk: this.disk.sync });
  readonly state = new TextDisk();
  readonly snapshots = new MemorySnapshotFiles(this.disk.sync);
}

export interface Member {
  readonly node: RaftNode<string>;
  readonly machine: TextMachine;
}

export class Cluster implements AsyncDisposable {
  readonly peers: MemoryPeers;
  readonly places = new Map<MemberId, Place>();
  readonly members = new Map<MemberId, Member>();
  readonly #first: readonly MemberId[];
  readonly #options: Partial<RaftNodeOptions<string>>;

  constructor(count: number, options: Partial<RaftNodeOptions<string>> = {}, peers = new MemoryPeers()) {
    this.#first = Array.from({ length: count }, (_, at) => memberId(at + 1));
    this.#options = options;
    this.peers = peers;
  }

  static async start(count: number, options?: Partial<RaftNodeOptions<string>>): Promise<Cluster> {
    const cluster = new Cluster(count, options);
    for (const id of cluster.#first) await cluster.start(id);
    return cluster;
  }

  async start(
    id: MemberId,
    events: Partial<RaftNodeEvents> = {},
    options: Partial<RaftNodeOptions<string>> = {},
  ): Promise<Member> {
    const place = this.places.get(id) ?? new Place();
    this.places.set(id, place);
    const machine = new TextMachine(place.state);
    const node = await RaftNode.start<string>({
      id,
      machine,
      openLog: async () => (place.log = place.log.crash()),
      bootstrap: this.#first.includes(id)
        ? { membership: membershipOf(this.#first), requests: [Buffer.from("begun=yes")] }
        : undefined,
      connect: async (peerEvents) => this.peers.join({ cluster: CLUSTER, id, events: peerEvents }),
      snapshots: place.snapshots,
      raft: QUICK,
      events,
      ...this.#options,
      ...options,
    });
    const member = { node, machine };
    this.members.set(id, member);
    return member;
  }

  member(id: number): Member {
    return this.members.get(memberId(id))!;
  }

  /** Its process dies: nothing is said, and nothing written any more. */
  async kill(id: MemberId): Promise<void> {
    const { node } = this.members.get(id)!;
    this.members.delete(id);
    this.places.get(id)!.log = this.places.get(id)!.log.crash();
    await node.network.close();
    await node.stop().catch(() => undefined);
  }

  /** Once there is one that a majority follows. */
  async leader(): Promise<Member> {
    for (;;) {
      const members = [...this.members.values()];
      const led = members.filter(
        ({ node }) => this.members.get(node.leader)?.node.status().role === "leader",
      );
      if (led.length > this.#first.length / 2) return this.members.get(led[0]!.node.leader)!;
      await turn();
    }
  }

  async follower(): Promise<Member> {
    const leader = await this.leader();
    return [...this.members.values()].find((each) => each !== leader)!;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { node } of this.members.values()) await node.stop();
  }
}

export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await turn();
}

/** Makes a learner a voter, as soon as it has enough of the log. */
export async function promote({ node }: Member, member: MemberId): Promise<void> {
  for (;;) {
    const outcome = await node.changeMembership([{ kind: "add-voter", member }]).catch((error: unknown) => {
      if (reasonOf(error) !== "too-far-behind") throw error;
    });
    if (outcome !== undefined) return;
    await turn();
  }
}

/** Everybody else has a turn. */
function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1));
}

export function bytes(text: string): Uint8Array {
  return Buffer.from(text);
}

/** What it rejects with. */
export async function rejection(promise: Promise<unknown>): Promise<LatticeError> {
  const outcome = await promise.then(
    () => "resolved",
    (error: unknown) => error,
  );
  if (outcome === "resolved") throw new Error("it did not reject");
  return outcome as LatticeError;
}
