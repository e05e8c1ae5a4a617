/** What carries messages and calls between simulated servers: late, out of order, lost, or not at all where a way is cut. */
import type { Delivery } from "@lattice/raft-net";
import type { Prng } from "../prng.ts";
import type { Weather } from "../raft/action.ts";
import { wayOf } from "../raft/raft-network.ts";
import type { Scheduler } from "../scheduler.ts";

/** A call and its answer travel as TCP would carry them: when they are lost, they come later. */
const RESENT_AFTER_MS = 200;

export class Ways {
  readonly #scheduler: Scheduler;
  readonly #random: Prng;
  #cut: ReadonlySet<number> = new Set();
  weather: Weather;
  sentCount = 0;
  lostCount = 0;
  doubledCount = 0;

  constructor(options: { scheduler: Scheduler; random: Prng; weather: Weather }) {
    this.#scheduler = options.scheduler;
    this.#random = options.random;
    this.weather = options.weather;
  }

  cut(ways: ReadonlySet<number>): void {
    this.#cut = ways;
  }

  carry(delivery: Delivery, arrive: () => void): void {
    this.sentCount += 1;
    const { latencyMs, jitterMs, loss, duplication } = this.weather;
    const isMessage = delivery.message !== undefined;
    const isLost = loss > 0 && this.#random.chance(loss);
    if (isLost && isMessage) {
      this.lostCount += 1;
      return;
    }
    const lateMs = (isLost ? RESENT_AFTER_MS : 0) + latencyMs + jitterMs * this.#random.unit();
    this.#later(lateMs, delivery, arrive);
    if (!isMessage || duplication === 0 || !this.#random.chance(duplication)) return;
    this.doubledCount += 1;
    this.#later(latencyMs + 3 * jitterMs * this.#random.unit(), delivery, arrive);
  }

  /** Messages are lost on a way that is cut; calls wait until it is open again. */
  #later(ms: number, delivery: Delivery, arrive: () => void): void {
    const { from, to, message } = delivery;
    const label = message === undefined ? `call ${from} ${to}` : `${message.type} ${from} ${to}`;
    this.#scheduler.after(ms, label, () => {
      if (!this.#cut.has(wayOf(from, to))) arrive();
      else if (message === undefined) this.#later(RESENT_AFTER_MS, delivery, arrive);
      else this.lostCount += 1;
    });
  }
}
