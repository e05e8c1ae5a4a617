/** The set that two nodes reconcile: the ids in a witness log, by a scan of its index. */
import { idHash, SetSum, type IntentionId } from "@lattice/model";
import type { WitnessLog } from "@lattice/kernel";
import type { Bound, ItemSource } from "./negentropy/index.ts";

export class LogItems implements ItemSource {
  readonly #log: WitnessLog;

  constructor(log: WitnessLog) {
    this.#log = log;
  }

  sum(from: Bound, to: Bound): SetSum {
    const sum = new SetSum();
    for (const id of this.#log.ids(from, to)) sum.add(idHash(id));
    return sum;
  }

  nth(from: Bound, to: Bound, index: number): IntentionId | undefined {
    let at = 0;
    for (const id of this.#log.ids(from, to)) if (at++ === index) return id;
    return undefined;
  }

  ids(from: Bound, to: Bound): Iterable<IntentionId> {
    return this.#log.ids(from, to);
  }
}
