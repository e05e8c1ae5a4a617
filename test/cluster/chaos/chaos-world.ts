/** One run: the cluster, the ways between its members, who load it, and an account of what was done to it. */
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import {
  calls,
  EtcdClient,
  freePorts,
  MemberProcess,
  TestCluster,
  type Seat,
  type ServerProgram,
} from "../../../packages/testkit/src/clusters/index.ts";
import { RecordedHistory } from "./history.ts";
import { HeavyLoad } from "./load/heavy-load.ts";
import { SmallDisks } from "./small-disks.ts";
import { TestNetwork } from "./network/test-network.ts";

export interface ChaosWorldOptions {
  readonly program: ServerProgram;
  readonly size: number;
  readonly directory: string;
  readonly flags: readonly string[];
  /** Each member gets a file system of so many bytes, where that can be had. */
  readonly diskBytes: number | undefined;
  readonly tell: (line: string) => void;
}

const RETRY_MS = 100;

export class ChaosWorld implements AsyncDisposable {
  readonly cluster: TestCluster;
  readonly network: TestNetwork;
  readonly disks: SmallDisks | undefined;
  readonly history = new RecordedHistory();
  readonly heavyLoad: HeavyLoad;
  /** Of the cluster at its beginning. */
  readonly size: number;
  /** Members that something is being done to, by name. */
  readonly busy = new Set<string>();
  /** What no server may do, in words. */
  readonly faults: string[] = [];
  /** Who was removed, and has not ended yet. */
  readonly lingering: MemberProcess[];
  readonly startedAt = performance.now();
  readonly account: string[] = [];
  readonly #options: ChaosWorldOptions;
  #seatCount: number;
  #turn = 0;

  private constructor(
    options: ChaosWorldOptions,
    parts: Pick<ChaosWorld, "cluster" | "network" | "disks" | "lingering">,
  ) {
    this.#options = options;
    this.cluster = parts.cluster;
    this.network = parts.network;
    this.disks = parts.disks;
    this.lingering = parts.lingering;
    this.size = options.size;
    this.#seatCount = options.size;
    this.heavyLoad = new HeavyLoad(this);
  }

  static async start(options: ChaosWorldOptions): Promise<ChaosWorld> {
    const { program, size, directory, flags, diskBytes } = options;
    mkdirSync(directory, { recursive: true });
    let cluster: TestCluster | undefined;
    const lingering: MemberProcess[] = [];
    const network = new TestNetwork(() => [...(cluster?.members ?? waiting), ...lingering]);
    const disks = diskBytes === undefined ? undefined : new SmallDisks(diskBytes);
    // Members connect to each other before the cluster is handed out.
    let waiting: readonly MemberProcess[] = [];
    try {
      cluster = await TestCluster.start({
        program,
        size,
        directory,
        flags,
        peerPortsSeen: (seats) => Promise.all(seats.map((seat) => network.addMember(seat))),
        beforeStart: (members) => {
          waiting = members;
          for (const { name, dataDirectory } of members) disks?.mount(name, dataDirectory);
        },
      });
    } catch (error) {
      network[Symbol.dispose]();
      disks?.[Symbol.dispose]();
      throw error;
    }
    return new ChaosWorld(options, { cluster, network, disks, lingering });
  }

  get members(): readonly MemberProcess[] {
    return this.cluster.members;
  }

  note(line: string): void {
    const seconds = ((performance.now() - this.startedAt) / 1000).toFixed(1).padStart(6);
    this.account.push(`${seconds} ${line}`);
    this.#options.tell(`${seconds} ${line}`);
  }

  member(name: string): MemberProcess | undefined {
    return this.members.find((member) => member.name === name);
  }

  /** For clients: one member after the other. */
  readonly nextAddress = (): string => {
    const member = this.members[this.#turn++ % this.members.length]!;
    return this.network.clientAddress(member.name);
  };

  /** A call to whoever answers it, past the proxies: what an operator does. */
  async ask<T>(body: (client: EtcdClient) => Promise<T>, tries = 20): Promise<T | undefined> {
    for (let left = tries; left > 0; left--) {
      const member = this.members[this.#turn++ % this.members.length]!;
      if (!member.isRunning || member.isPaused) continue;
      using client = new EtcdClient(member.address);
      try {
        return await body(client);
      } catch {
        await delay(RETRY_MS);
      }
    }
    return undefined;
  }

  /** A seat for a member that is new, with the ways to it. */
  async newSeat(): Promise<Seat> {
    const [clientPort, peerPort] = (await freePorts(2)) as [number, number];
    const seat = { name: `n${++this.#seatCount}`, clientPort, peerPort };
    return { ...seat, peerPortSeen: await this.network.addMember(seat) };
  }

  /** Who takes a seat in a cluster that knows of it. */
  join(seat: Seat): MemberProcess {
    const { program, directory, flags } = this.#options;
    const member = new MemberProcess({
      program,
      seat,
      seats: [...this.members.map((each) => each.seat), seat],
      isJoining: true,
      directory: join(directory, seat.name),
      flags,
    });
    this.disks?.mount(member.name, member.dataDirectory);
    this.cluster.members.push(member);
    member.start();
    return member;
  }

  /** One that is no member any more, and has ended. */
  forget(member: MemberProcess): void {
    this.cluster.members.splice(this.cluster.members.indexOf(member), 1);
    this.network.removeMember(member.name);
    this.disks?.unmount(member.name);
    rmSync(member.dataDirectory, { recursive: true, force: true });
  }

  /** One that is no member any more, and does not know it yet. */
  linger(member: MemberProcess): void {
    this.note(`${member.name} was removed and runs on`);
    this.cluster.members.splice(this.cluster.members.indexOf(member), 1);
    this.lingering.push(member);
  }

  /** As the cluster says by its address; undefined where it does not answer. */
  async isMember({ peerUrl }: MemberProcess): Promise<boolean | undefined> {
    const answer = await this.ask((client) => {
      return client.call(calls.memberList, { linearizable: true }, { deadlineMs: 2_000 });
    }, 100);
    return answer?.members.some(({ peerURLs }) => peerURLs.includes(peerUrl));
  }

  async idOf(name: string): Promise<bigint | undefined> {
    const answer = await this.ask((client) =>
      client.call(calls.memberList, { linearizable: true }, { deadlineMs: 2_000 }),
    );
    return answer?.members.find((member) => member.name === name)?.id;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.heavyLoad.stop();
    await this.cluster.end();
    await Promise.all(this.lingering.map((member) => member.end("SIGKILL")));
    this.network[Symbol.dispose]();
    this.disks?.[Symbol.dispose]();
  }
}
