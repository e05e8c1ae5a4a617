/** A cluster of real processes on loopback, of whichever program. */
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { calls, EtcdClient } from "./etcd-client.ts";
import { freePorts } from "./free-ports.ts";
import { MemberProcess } from "./member-process.ts";
import type { Seat, ServerProgram } from "./server-program.ts";

export interface TestClusterOptions {
  readonly program: ServerProgram;
  readonly size: number;
  /** Of this cluster alone. */
  readonly directory: string;
  readonly flags?: readonly string[];
  /** Where the others look for a member, if not where it listens. */
  readonly peerPortsSeen?: (seats: readonly Omit<Seat, "peerPortSeen">[]) => Promise<readonly number[]>;
  /** Their directories may be made ready. */
  readonly beforeStart?: (members: readonly MemberProcess[]) => void;
}

/** Between two attempts. */
const RETRY_MS = 50;
const ATTEMPT_MS = 1_000;
/** A guard against what never comes, and no measure. */
const READY_MS = 60_000;

export class TestCluster implements AsyncDisposable {
  readonly program: ServerProgram;
  readonly members: MemberProcess[];

  private constructor(program: ServerProgram, members: MemberProcess[]) {
    this.program = program;
    this.members = members;
  }

  /** A new one, which serves when this resolves. */
  static async start({
    program,
    size,
    directory,
    flags = [],
    peerPortsSeen = async (seats) => seats.map(({ peerPort }) => peerPort),
    beforeStart,
  }: TestClusterOptions): Promise<TestCluster> {
    const ports = await freePorts(2 * size);
    const listening = Array.from({ length: size }, (_, at) => {
      return { name: `n${at + 1}`, clientPort: ports[2 * at]!, peerPort: ports[2 * at + 1]! };
    });
    const seen = await peerPortsSeen(listening);
    const seats = listening.map((seat, at): Seat => ({ ...seat, peerPortSeen: seen[at]! }));
    const members = seats.map((seat) => {
      return new MemberProcess({ program, seat, seats, directory: join(directory, seat.name), flags });
    });
    const cluster = new TestCluster(program, members);
    try {
      beforeStart?.(members);
      for (const member of members) member.start();
      await Promise.all(members.map((member) => cluster.untilServing(member)));
    } catch (error) {
      await cluster.end();
      throw error;
    }
    return cluster;
  }

  get addresses(): string[] {
    return this.members.map(({ address }) => address);
  }

  get pids(): number[] {
    return this.members.filter(({ isRunning }) => isRunning).map(({ pid }) => pid);
  }

  /** Resolves when a member answers a read that had to ask the others. */
  async untilServing(member: MemberProcess): Promise<void> {
    using client = new EtcdClient(member.address);
    const giveUpAt = performance.now() + READY_MS;
    for (;;) {
      try {
        await client.call(calls.range, { key: Buffer.from("is-there-anybody") }, { deadlineMs: ATTEMPT_MS });
        return;
      } catch (error) {
        const isOver = !member.isRunning || performance.now() > giveUpAt;
        if (isOver) throw new Error(`${member.name} does not serve:\n${member.output}`, { cause: error });
        await delay(RETRY_MS);
      }
    }
  }

  /** Whom those who can be asked take for the leader, as soon as one of them does. */
  async leader(): Promise<MemberProcess> {
    const giveUpAt = performance.now() + READY_MS;
    for (;;) {
      const leader = await this.maybeLeader();
      if (leader !== undefined) return leader;
      if (performance.now() > giveUpAt) throw new Error("there is no leader");
      await delay(RETRY_MS);
    }
  }

  async maybeLeader(): Promise<MemberProcess | undefined> {
    const asked = await Promise.all(this.members.map((member) => statusOf(member)));
    const answers = asked.filter((answer) => answer !== undefined);
    const latest = answers.toSorted((a, b) => Number(b.raftTerm - a.raftTerm))[0];
    if (latest === undefined || latest.leader === 0n) return undefined;
    return answers.find(({ memberId }) => memberId === latest.leader)?.member;
  }

  async end(signal: "SIGKILL" | "SIGTERM" = "SIGKILL"): Promise<void> {
    await Promise.all(this.members.map((member) => member.end(signal)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
  }
}

interface MemberStatus {
  readonly member: MemberProcess;
  readonly memberId: bigint;
  readonly leader: bigint;
  readonly raftTerm: bigint;
}

async function statusOf(member: MemberProcess): Promise<MemberStatus | undefined> {
  if (!member.isRunning || member.isPaused) return undefined;
  using client = new EtcdClient(member.address);
  try {
    const { header, leader, raftTerm } = await client.call(calls.status, {}, { deadlineMs: ATTEMPT_MS });
    return { member, memberId: header?.memberId ?? 0n, leader, raftTerm };
  } catch {
    return undefined;
  }
}
