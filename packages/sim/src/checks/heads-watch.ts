/** The heads of a log, worked out from its records alone: what nothing in it cites. */
import { bytesKey, parentsOf, type Intention } from "@lattice/model";

export class HeadsWatch {
  readonly #heads = new Set<string>();

  /** To be told of every record, in the order of the log. */
  note(intention: Intention): void {
    for (const parent of parentsOf(intention)) this.#heads.delete(bytesKey(parent));
    this.#heads.add(bytesKey(intention.id));
  }

  /** One behind every write of the log's own node: it cites all heads that it has seen (weaver.md §2). Merges come before. */
  get count(): number {
    return this.#heads.size;
  }
}
