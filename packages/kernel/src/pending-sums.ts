import { SetSum } from "@lattice/model";

/** The digests of tables as they will be when the transaction is through. */
export class PendingSums {
  readonly #kept: Map<string, SetSum>;
  readonly #pending = new Map<string, SetSum>();

  constructor(kept: Map<string, SetSum>) {
    this.#kept = kept;
  }

  of(name: string): SetSum {
    let sum = this.#pending.get(name);
    if (sum === undefined) {
      sum = this.#kept.get(name)!.clone();
      this.#pending.set(name, sum);
    }
    return sum;
  }

  reset(name: string): void {
    this.#pending.set(name, new SetSum());
  }

  touched(): Iterable<[string, SetSum]> {
    return this.#pending;
  }

  /** After the transaction. */
  keep(): void {
    for (const [name, sum] of this.#pending) this.#kept.set(name, sum);
  }
}
