/**
 * The last thing that a leader does whose disk takes nothing any more: it hands over. For that it needs no disk: it sends what it has
 * in memory, promises nothing, and counts on others only.
 */
import type { Message, Raft } from "@lattice/raft";
import type { PeerNetwork } from "@lattice/raft-net";
import type { MonotonicClock } from "./monotonic-clock.ts";
import { bestSuccessor } from "./transfers.ts";

export interface FarewellOptions {
  readonly raft: Raft;
  readonly network: Pick<PeerNetwork, "send" | "flush">;
  readonly clock: MonotonicClock;
  readonly tickMs: number;
  /** It gives up after that. */
  readonly timeoutMs: number;
}

export class Farewell {
  readonly #options: FarewellOptions;
  #cancelTick = (): void => {};
  #isOver = false;

  constructor(options: FarewellOptions) {
    this.#options = options;
    const { raft, clock, timeoutMs } = options;
    const successor = bestSuccessor(raft);
    if (successor === undefined || raft.transfer(successor) !== undefined) this.#isOver = true;
    else this.#tickUntil(clock.nowMs() + timeoutMs);
  }

  input(run: (raft: Raft) => void): void {
    if (this.#isOver) return;
    const { raft, clock } = this.#options;
    raft.tick(clock.nowMs());
    run(raft);
    this.#speak();
  }

  end(): void {
    this.#isOver = true;
    this.#cancelTick();
  }

  #tickUntil(endMs: number): void {
    const { clock, tickMs } = this.#options;
    this.input(() => undefined);
    if (this.#isOver) return;
    if (clock.nowMs() >= endMs) this.end();
    else this.#cancelTick = clock.after(tickMs, () => this.#tickUntil(endMs));
  }

  #speak(): void {
    const { raft, network } = this.#options;
    const { messages } = raft.takeReady();
    if (raft.role !== "leader") {
      this.end();
      return;
    }
    for (const message of messages.filter(isSaidByLeaders)) network.send(message);
    network.flush();
  }
}

function isSaidByLeaders({ type }: Message): boolean {
  return type === "append" || type === "heartbeat" || type === "timeout-now";
}
