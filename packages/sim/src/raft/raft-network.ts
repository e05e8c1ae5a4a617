/** Carries messages between simulated members, or does not. */
import type { MemberId, Message } from "@lattice/raft";
import type { Prng } from "../prng.ts";
import type { Weather } from "./action.ts";
import type { RaftEventQueue } from "./event-queue.ts";

export class RaftNetwork {
  readonly #queue: RaftEventQueue;
  readonly #random: Prng;
  readonly #deliver: (message: Message) => void;
  /** `from * STRIDE + to` of ways that are cut. */
  #cut = new Set<number>();
  weather: Weather;
  sentCount = 0;
  lostCount = 0;
  doubledCount = 0;

  constructor(options: {
    queue: RaftEventQueue;
    random: Prng;
    weather: Weather;
    deliver: (message: Message) => void;
  }) {
    this.#queue = options.queue;
    this.#random = options.random;
    this.weather = options.weather;
    this.#deliver = options.deliver;
  }

  cut(ways: ReadonlySet<number>): void {
    this.#cut = new Set(ways);
  }

  send(message: Message): void {
    this.sentCount += 1;
    const { latencyMs, jitterMs, loss, duplication } = this.weather;
    if (this.#isCut(message) || (loss > 0 && this.#random.chance(loss))) {
      this.lostCount += 1;
      return;
    }
    this.#queue.after(latencyMs + jitterMs * this.#random.unit(), () => this.#arrive(message));
    if (duplication === 0 || !this.#random.chance(duplication)) return;
    this.doubledCount += 1;
    this.#queue.after(latencyMs + jitterMs * 3 * this.#random.unit(), () => this.#arrive(message));
  }

  /** What is under way when it is cut does not come through either. */
  #arrive(message: Message): void {
    if (this.#isCut(message)) this.lostCount += 1;
    else this.#deliver(message);
  }

  #isCut({ from, to }: Message): boolean {
    return this.#cut.size > 0 && this.#cut.has(wayOf(from, to));
  }
}

const STRIDE = 1000;

export function wayOf(from: MemberId, to: MemberId): number {
  return from * STRIDE + to;
}
