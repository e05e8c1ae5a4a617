/** Three members in one process, over TCP on loopback, each with a log on this disk; their state machine only counts. */
import { join } from "node:path";
import { LatticeError } from "@lattice/model";
import { memberId, membershipOf, NO_INDEX, NO_TERM, type EntryId, type MemberId } from "@lattice/raft";
import { openRaftLog } from "@lattice/raft-log";
import { listenTcpPeers, type TcpPeers } from "@lattice/raft-net";
import { MemorySnapshotFiles, RaftNode, type Committed, type StateMachine } from "@lattice/raft-node";
import { median, perSecond, rate, report } from "./report.ts";
import { withScratch } from "./scratch.ts";

const IDS = [1, 2, 3].map(memberId);
const REQUEST = new Uint8Array(280).fill(7);
const ROUNDS = 5;

class Counter implements StateMachine<number> {
  applied: EntryId = { index: NO_INDEX, term: NO_TERM };
  readonly stagedId = undefined;
  #count = 0;

  apply(committed: readonly Committed[]): number[][] {
    this.applied = committed.at(-1)!.id;
    return committed.map((each) => (each.kind === "requests" ? each.requests.map(() => ++this.#count) : []));
  }

  async checkpoint(): Promise<EntryId> {
    return this.applied;
  }

  view(): never {
    throw new LatticeError("unimplemented", "nobody is far behind here");
  }

  async stage(): Promise<void> {}
  async adopt(): Promise<void> {}
  async unstage(): Promise<void> {}
  async close(): Promise<void> {}
}

export function benchRaftNode(): Promise<void> {
  return withScratch(async (directory) => {
    const nodes = await Promise.all(IDS.map((id) => start(id, join(directory, String(id)))));
    const addresses = new Map(nodes.map((node) => [node.id, (node.network as TcpPeers).addresses]));
    for (const { network } of nodes) network.setPeers(addresses, NO_INDEX);
    const leader = await leaderOf(nodes);
    const follower = nodes.find((node) => node !== leader)!;
    await measure("put at the leader", () => leader.propose(REQUEST));
    await measure("put at a follower", () => follower.propose(REQUEST));
    await measure("read barrier at the leader", () => leader.readBarrier());
    await measure("read barrier at a follower", () => follower.readBarrier());
    for (const node of nodes) await node.stop();
  });
}

function start(id: MemberId, directory: string): Promise<RaftNode<number>> {
  return RaftNode.start<number>({
    id,
    machine: new Counter(),
    openLog: () => openRaftLog({ directory }),
    bootstrap: { membership: membershipOf(IDS), requests: [] },
    snapshots: new MemorySnapshotFiles(),
    connect: (events) =>
      listenTcpPeers({ cluster: 1, id, listen: [{ host: "127.0.0.1", port: 0, tls: false }], events }),
  });
}

async function leaderOf(nodes: readonly RaftNode<number>[]): Promise<RaftNode<number>> {
  for (;;) {
    const leader = nodes.find(({ id }) => nodes.every((node) => node.leader === id));
    if (leader !== undefined) return leader;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

async function measure(what: string, ask: () => Promise<unknown>): Promise<void> {
  for (const [inFlight, count] of [
    [1, 300],
    [10, 3000],
    [100, 20_000],
    [1000, 50_000],
  ] as const) {
    await run(inFlight, count / 10, ask);
    const rates: number[] = [];
    const middles: number[] = [];
    const cpus: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const cpu = process.cpuUsage();
      const start = performance.now();
      const times = await run(inFlight, count, ask);
      rates.push(perSecond(count, performance.now() - start));
      middles.push(median(times));
      const { user, system } = process.cpuUsage(cpu);
      cpus.push((user + system) / count);
    }
    const figure = `${rate(median(rates))}, ${median(middles).toFixed(2)} ms, ${median(cpus).toFixed(1)} µs CPU`;
    report(`Raft members over TCP, ${what}, ${inFlight} in flight`, figure, "-");
  }
}

/** The milliseconds that each took. */
async function run(inFlight: number, count: number, ask: () => Promise<unknown>): Promise<number[]> {
  const times: number[] = [];
  let left = count;
  const one = async () => {
    while (left-- > 0) {
      const start = performance.now();
      await ask();
      times.push(performance.now() - start);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, one));
  return times;
}
