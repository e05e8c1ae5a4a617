/** A disk for `MemoryStorage` that is slow, full or broken on command: `new MemoryStorage({ tables, disk: disk.sync })`. */
import { LatticeError } from "@lattice/model";

export class FakeDisk {
  #failure: Error | undefined;
  #isHeld = false;
  readonly #waiting: (() => void)[] = [];
  #syncCount = 0;

  /** What a flush waits for. Rejects with what `fill` or `fail` said. */
  readonly sync = async (): Promise<void> => {
    this.#syncCount += 1;
    if (this.#isHeld) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    if (this.#failure !== undefined) throw this.#failure;
  };

  /** How many flushes have reached the disk, whatever came of them. */
  get syncCount(): number {
    return this.#syncCount;
  }

  /** From now on there is no room: flushes reject with `disk-full`. */
  fill(): void {
    this.fail(new LatticeError("disk-full", "no space left on the disk"));
  }

  /** From now on flushes reject with this. */
  fail(error: Error): void {
    this.#failure = error;
  }

  /** Ends what `fill` or `fail` began. */
  mend(): void {
    this.#failure = undefined;
  }

  /** From now on flushes wait, until `release`. */
  hold(): void {
    this.#isHeld = true;
  }

  release(): void {
    this.#isHeld = false;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
