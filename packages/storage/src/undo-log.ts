/**
 * What every change replaced, oldest first, so that changes can be taken back from the end: those of a
 * transaction that threw, or all that were not durable when the disk refused them.
 *
 * Positions count changes since the beginning, so a position stays right when older changes are forgotten.
 */
export interface Revertible<V> {
  /** Puts back what was under `key`; `undefined` stands for "nothing was". */
  restore(key: string, before: V | undefined): void;
}

export interface Change<T extends Revertible<V>, V> {
  readonly target: T;
  readonly key: string;
  readonly before: V | undefined;
}

export class UndoLog<T extends Revertible<V>, V> {
  #changes: Change<T, V>[] = [];
  #forgotten = 0;

  get start(): number {
    return this.#forgotten;
  }

  get end(): number {
    return this.#forgotten + this.#changes.length;
  }

  get isEmpty(): boolean {
    return this.#changes.length === 0;
  }

  record(target: T, key: string, before: V | undefined): void {
    this.#changes.push({ target, key, before });
  }

  /** Oldest first. */
  changes(): readonly Change<T, V>[] {
    return this.#changes;
  }

  /** Takes back every change from `position` on, newest first. */
  rollBack(position = this.#forgotten): void {
    const from = position - this.#forgotten;
    for (let at = this.#changes.length - 1; at >= from; at--) {
      const { target, key, before } = this.#changes[at]!;
      target.restore(key, before);
    }
    this.#changes.length = from;
  }

  /** Changes before `position` can no longer be taken back. */
  forget(position = this.end): void {
    if (position <= this.#forgotten) return;
    if (position === this.end) this.#changes = [];
    else this.#changes = this.#changes.slice(position - this.#forgotten);
    this.#forgotten = position;
  }
}
