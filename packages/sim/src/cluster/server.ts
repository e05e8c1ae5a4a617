/** A simulated server: its disks, which outlive its processes, and the process that runs on it, if one does. */
import { LatticeError } from "@lattice/model";
import { MemoryRaftStorage, type Membership, type MemberId } from "@lattice/raft";
import type { ClusterId, MemoryPeers } from "@lattice/raft-net";
import { MemorySnapshotFiles, RaftNode, type Committed } from "@lattice/raft-node";
import type { Prng } from "../prng.ts";
import type { RaftSettings } from "../raft/action.ts";
import type { Scheduler } from "../scheduler.ts";
import { KeyMachine, MachineDisk, type KeyAnswer } from "./key-machine.ts";
import { ClockRate, Process, ServerClock } from "./server-clock.ts";

export type DiskFault = "none" | "slow" | "full" | "failing";

const SLOW_DISK_TIMES = 20;
/** A key space is larger than what bare cores are given for a state. */
const CHUNKS_LARGER = 64;
const CLUSTER = 1 as ClusterId;

export interface ServerWorld {
  readonly scheduler: Scheduler;
  readonly peers: MemoryPeers;
  readonly settings: RaftSettings;
  readonly first: Membership;
  readonly tell: (who: MemberId, text: string) => void;
  /** Whether the process dies in the middle of this write; it is started again then. */
  readonly diesAtWrite: (server: Server) => boolean;
  readonly applied: (who: MemberId, entry: Committed, answers: readonly KeyAnswer[]) => void;
}

export interface Life {
  readonly process: Process;
  readonly machine: KeyMachine;
  readonly node: RaftNode<KeyAnswer>;
}

export class Server {
  readonly id: MemberId;
  readonly rate = new ClockRate();
  readonly #world: ServerWorld;
  readonly #random: Prng;
  readonly #isFirst: boolean;
  readonly #machineDisk: MachineDisk;
  readonly #files: MemorySnapshotFiles;
  #log: MemoryRaftStorage;
  #process: Process | undefined;
  #life: Life | undefined;
  fault: DiskFault = "none";

  constructor(id: MemberId, options: { world: ServerWorld; random: Prng; isFirst: boolean }) {
    this.id = id;
    this.#world = options.world;
    this.#random = options.random;
    this.#isFirst = options.isFirst;
    const disk = () => this.#write();
    this.#machineDisk = new MachineDisk(disk);
    this.#files = new MemorySnapshotFiles(disk);
    this.#log = new MemoryRaftStorage({ disk });
  }

  /** Of its process, where that takes part. */
  get life(): Life | undefined {
    return this.#life;
  }

  get isUp(): boolean {
    return this.#process !== undefined;
  }

  /** Resolves when it takes part, or has failed to. */
  async start(): Promise<void> {
    if (this.isUp) return;
    const { scheduler, settings, peers, first, tell, applied } = this.#world;
    const process = new Process(scheduler);
    this.#process = process;
    const machine = new KeyMachine(this.#machineDisk, (entry, answers) => applied(this.id, entry, answers));
    const clock = new ServerClock({ scheduler, process, rate: this.rate, label: `timer ${this.id}` });
    try {
      const node = await RaftNode.start<KeyAnswer>({
        id: this.id,
        machine,
        clock,
        random: () => this.#random.unit(),
        openLog: async () => this.#openLog(),
        connect: async (events) => peers.join({ cluster: CLUSTER, id: this.id, events }),
        ...(this.#isFirst && { bootstrap: { membership: first, requests: [] } }),
        snapshots: this.#files,
        snapshotCount: settings.snapshotEvery,
        tailCount: settings.tailCount,
        raft: {
          electionTimeoutMs: settings.electionTimeoutMs,
          heartbeatMs: settings.heartbeatMs,
          messageBytesMax: settings.messageBytesMax,
          messageEntriesMax: settings.messageEntriesMax,
          inflightMessagesMax: settings.inflightMessagesMax,
          uncommittedBytesMax: settings.uncommittedBytesMax,
          chunkBytesMax: settings.chunkBytes * CHUNKS_LARGER,
        },
        events: {
          failed: (error) => this.#failed(process, error),
          removed: (why) => tell(this.id, why),
          leaderChanged: (leader, term) => tell(this.id, `follows ${leader} in term ${term}`),
          stateReplaced: ({ index }) => tell(this.id, `takes the state at ${index} from the leader`),
          paused: ({ message }) => tell(this.id, `pauses: ${message}`),
          resumed: () => tell(this.id, "goes on"),
        },
      });
      if (!process.hasEnded) this.#life = { process, machine, node };
    } catch (error) {
      this.#failed(process, LatticeError.from(error));
    }
  }

  /** Everything that was not on the disk is gone, and of what was on its way there, some. */
  crash(): boolean {
    if (this.#process === undefined) return false;
    this.#process.end();
    this.#process = undefined;
    this.#life = undefined;
    this.#machineDisk.crash();
    this.#openLog();
    void this.#world.peers.get(this.id)?.close();
    return true;
  }

  pause(forMs: number): void {
    this.#process?.pause(forMs);
  }

  resume(): void {
    this.#process?.resume();
  }

  /** Runs when its process does. */
  run(label: string, task: () => void): void {
    this.#process?.run(label, task);
  }

  #openLog(): MemoryRaftStorage {
    this.#log = this.#log.crash({ keeps: this.#random.below(this.#log.pendingCount + 1) });
    return this.#log;
  }

  #failed(process: Process, error: LatticeError): void {
    if (process !== this.#process) return;
    this.#world.tell(this.id, `has failed: ${error.code}, ${error.message}`);
    if (this.fault === "none") throw error;
    this.crash();
  }

  #write(): Promise<void> {
    const { scheduler, settings } = this.#world;
    const process = this.#process;
    const ms = settings.diskMs * (this.fault === "slow" ? SLOW_DISK_TIMES : 1);
    return new Promise((resolve, reject) => {
      scheduler.after(ms, `disk ${this.id}`, () => {
        if (process === undefined || process.hasEnded || this.#world.diesAtWrite(this)) return;
        if (this.fault === "full") reject(new LatticeError("disk-full", "the simulated disk is full"));
        else if (this.fault === "failing") reject(new LatticeError("internal", "the simulated disk fails"));
        else resolve();
      });
    });
  }
}
