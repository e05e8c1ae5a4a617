/** Members as they run: over TCP, with their logs and snapshots on a disk. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { memberId, membershipOf, NO_INDEX, type MemberId } from "@lattice/raft";
import { openRaftLog } from "@lattice/raft-log";
import { listenTcpPeers, type PeerAddress, type TcpPeers } from "@lattice/raft-net";
import { expect, it, onTestFinished } from "vitest";
import { RaftNode, snapshotDirectory } from "../src/index.ts";
import { bytes, QUICK, until } from "./harness/cluster.ts";
import { temporaryDirectory } from "./harness/temporary-directory.ts";
import { TextDisk, TextMachine } from "./harness/text-machine.ts";

const IDS = [1, 2, 3].map(memberId);

interface Member {
  readonly node: RaftNode<string>;
  readonly machine: TextMachine;
}

class Servers {
  readonly directory = temporaryDirectory();
  readonly members = new Map<MemberId, Member>();
  readonly #states = new Map(IDS.map((id) => [id, new TextDisk()]));
  readonly #addresses = new Map<MemberId, readonly PeerAddress[]>();

  constructor() {
    onTestFinished(async () => {
      for (const { node } of this.members.values()) await node.stop();
    });
  }

  logOf(id: MemberId): string {
    return join(this.directory, String(id), "log");
  }

  async start(id: MemberId): Promise<Member> {
    const machine = new TextMachine(this.#states.get(id)!);
    const node = await RaftNode.start<string>({
      id,
      machine,
      openLog: () => openRaftLog({ directory: this.logOf(id), segmentBytes: 64 << 10 }),
      bootstrap: { membership: membershipOf(IDS), requests: [] },
      snapshots: snapshotDirectory(join(this.directory, String(id), "snapshot")),
      connect: (events) =>
        listenTcpPeers({ cluster: 1, id, listen: [{ host: "127.0.0.1", port: 0, tls: false }], events }),
      raft: { ...QUICK, chunkBytesMax: 1000 },
      snapshotCount: 50,
      tailCount: 10,
    });
    const member = { node, machine };
    this.members.set(id, member);
    this.#addresses.set(id, (node.network as TcpPeers).addresses);
    for (const each of this.members.values()) each.node.network.setPeers(this.#addresses, NO_INDEX);
    return member;
  }

  async startAll(): Promise<void> {
    for (const id of IDS) await this.start(id);
  }

  async stop(id: MemberId): Promise<void> {
    const { node } = this.members.get(id)!;
    this.members.delete(id);
    await node.stop();
  }

  async leader(): Promise<Member> {
    const all = () => [...this.members.values()];
    await until(() =>
      all().every(({ node }) => this.members.get(node.leader)?.node.status().role === "leader"),
    );
    return this.members.get(all()[0]!.node.leader)!;
  }
}

it("three members answer, lose their leader, take it back, and start again from their disks", async () => {
  const servers = new Servers();
  await servers.startAll();
  const first = await servers.leader();
  await Promise.all([...servers.members.values()].map(({ node }) => node.propose(bytes(`m${node.id}=1`))));
  await servers.stop(first.node.id);
  const second = await servers.leader();
  expect(second.node.id).not.toBe(first.node.id);
  await second.node.propose(bytes("a=2"));
  const back = await servers.start(first.node.id);
  await until(() => back.machine.get("a") === "2");
  await back.node.propose(bytes("a=3"));
  for (const id of IDS) await servers.stop(id);
  await servers.startAll();
  const { node, machine } = await servers.leader();
  await node.readBarrier();
  expect([machine.get("a"), machine.get("m1"), machine.get("m3")]).toEqual(["3", "1", "1"]);
});

it("a member that was away for long gets the state in pieces, while writes go on", async () => {
  const servers = new Servers();
  await servers.startAll();
  const leader = await servers.leader();
  const away = IDS.find((id) => id !== leader.node.id)!;
  await servers.stop(away);
  for (let at = 0; at < 200; at++) await leader.node.propose(bytes(`name${at}=${"x".repeat(100)}`));
  const { node, machine } = await servers.start(away);
  let at = 200;
  while (machine.get("name199") === undefined) await leader.node.propose(bytes(`name${at++}=y`));
  await node.readBarrier();
  expect(machine.count).toBe(leader.machine.count);
  await until(() => snapshotFiles(servers).length === 0);
});

it("a damaged log is refused, and said where", async () => {
  const servers = new Servers();
  await servers.startAll();
  const leader = await servers.leader();
  for (let at = 0; at < 20; at++) await leader.node.propose(bytes(`a=${at}`));
  const hurt = IDS.find((id) => id !== leader.node.id)!;
  await servers.stop(hurt);
  const [segment] = readdirSync(servers.logOf(hurt));
  const path = join(servers.logOf(hurt), segment!);
  const content = readFileSync(path);
  content[700]! ^= 1;
  writeFileSync(path, content);
  await expect(servers.start(hurt)).rejects.toMatchObject({ code: "corrupt", details: { file: path } });
  await leader.node.propose(bytes("a=done"));
});

function snapshotFiles(servers: Servers): string[] {
  return IDS.flatMap((id) => {
    try {
      return readdirSync(join(servers.directory, String(id), "snapshot"));
    } catch {
      return [];
    }
  });
}
