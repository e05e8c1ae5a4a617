/**
 * One life of a member: a Raft instance and the log that it is from, until either ends. It does what a `Ready` says, in the order
 * that `ready.ts` of @lattice/raft asks for.
 *
 * Rules
 *  1. A turn at the most for each turn of the event loop, so that all that came in it shares messages, a write and an entry.
 *  2. Messages are with the system before the disk is written to, which may hold up everything else for a moment.
 *  3. After a failure nothing goes in or out any more: only a new life, from what the disk holds, knows what is true.
 */
import { LatticeError } from "@lattice/model";
import type { Entry, MemberId, Message, Raft, RaftStorage, ReadResult } from "@lattice/raft";
import type { PeerNetwork } from "@lattice/raft-net";
import { CommitNews } from "./commit-news.ts";
import type { MonotonicClock } from "./monotonic-clock.ts";
import { WriteQueue, type WriteSteps } from "./write-queue.ts";

export interface LifePorts {
  readonly clock: MonotonicClock;
  readonly network: Pick<PeerNetwork, "send" | "flush">;
  readonly steps: WriteSteps;
  /** A turn begins: what waits is handed in. */
  readonly enter: (raft: Raft) => void;
  readonly readsAnswered: (reads: readonly ReadResult[]) => void;
  /** Applies them. What it throws ends this life. */
  readonly apply: (entries: readonly Entry[]) => void;
  /** A turn is over: whatever may have changed is to be looked at. */
  readonly leave: (raft: Raft) => void;
  /** The leader wants a piece of a snapshot sent. */
  readonly sendChunk: (message: Message & { readonly type: "snapshot" }) => void;
  readonly failed: (error: LatticeError) => void;
}

interface HeldMessages {
  readonly writeId: number;
  readonly messages: readonly Message[];
}

export class Life {
  readonly raft: Raft;
  readonly #ports: LifePorts;
  readonly #writes: WriteQueue;
  readonly #log: RaftStorage;
  readonly #tickMs: number;
  readonly #news: CommitNews;
  /** What has to wait for the disk. */
  #held: HeldMessages[] = [];
  #cancelTurn: (() => void) | undefined;
  #cancelTick: () => void = () => {};
  #isOver = false;

  constructor(options: { raft: Raft; log: RaftStorage; tickMs: number; ports: LifePorts }) {
    this.raft = options.raft;
    this.#log = options.log;
    this.#ports = options.ports;
    this.#tickMs = options.tickMs;
    const { clock, network } = options.ports;
    this.#news = new CommitNews({
      clock,
      send: (messages) => {
        for (const message of messages) network.send(message);
        network.flush();
      },
    });
    this.#writes = new WriteQueue({
      log: options.log,
      steps: options.ports.steps,
      persisted: (writeId) => this.#persisted(writeId),
      failed: (error) => this.#fail(error),
    });
    this.#tickLater();
    this.wake();
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Something is to be handed in: a turn comes soon. */
  wake(): void {
    if (this.#isOver || this.#cancelTurn !== undefined) return;
    this.#cancelTurn = this.#ports.clock.after(0, () => {
      this.#cancelTurn = undefined;
      this.#turn();
    });
  }

  /** Hands something in, and wakes. */
  input(run: (raft: Raft) => void): void {
    if (this.#isOver) return;
    try {
      this.raft.tick(this.#ports.clock.nowMs());
      run(this.raft);
    } catch (error) {
      this.#fail(error);
    }
    this.wake();
  }

  /** Somebody waits at another member for what was just committed. */
  hurry(member: MemberId): void {
    this.#news.hurry(member);
  }

  /** Does something in the order of the writes; see `WriteQueue.addTask`. */
  addTask(run: (log: RaftStorage) => Promise<void>): void {
    this.#writes.addTask(() => run(this.#log));
  }

  /** Nothing goes in or out any more. Resolves once the disk is left alone and the log is closed. */
  async end(): Promise<void> {
    this.#stop();
    await this.#writes.end();
    await this.#log.close();
  }

  #tickLater(): void {
    this.#cancelTick = this.#ports.clock.after(this.#tickMs, () => {
      this.#tickLater();
      this.#turn();
    });
  }

  #turn(): void {
    if (this.#isOver) return;
    const { raft } = this;
    raft.tick(this.#ports.clock.nowMs());
    try {
      this.#ports.enter(raft);
      this.#takeReady();
      this.#ports.leave(raft);
    } catch (error) {
      this.#fail(error);
    }
  }

  #takeReady(): void {
    const { messages, write, writeId, afterPersist, committed, reads } = this.raft.takeReady();
    for (const message of messages) this.#send(message);
    this.#ports.network.flush();
    if (afterPersist.length > 0) this.#held.push({ writeId, messages: afterPersist });
    if (write !== undefined) this.#writes.add(writeId, write);
    if (reads.length > 0) this.#ports.readsAnswered(reads);
    if (committed.length === 0) return;
    this.#ports.apply(committed);
    this.raft.applied(committed.at(-1)!.index);
    // It comes in portions, and others have their turn in between.
    this.wake();
  }

  #persisted(writeId: number): void {
    if (this.#isOver) return;
    this.raft.tick(this.#ports.clock.nowMs());
    this.raft.persisted(writeId);
    while (this.#held.length > 0 && this.#held[0]!.writeId <= writeId) {
      for (const message of this.#held.shift()!.messages) this.#send(message);
    }
    // At once: somebody waits for what this may have committed.
    this.#turn();
  }

  #send(message: Message): void {
    if (message.type === "snapshot") this.#ports.sendChunk(message);
    else if (!this.#news.keeps(message)) this.#ports.network.send(message);
    // It waits until it has applied what it may show.
    if (message.type === "read-reply") this.#news.hurry(message.to);
  }

  #fail(error: unknown): void {
    if (this.#isOver) return;
    this.#stop();
    this.#ports.failed(LatticeError.from(error));
  }

  #stop(): void {
    this.#isOver = true;
    this.#cancelTick();
    this.#cancelTurn?.();
    this.#news.end();
    this.#held = [];
  }
}
