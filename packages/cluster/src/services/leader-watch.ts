/** Tells streams that want a leader when the cluster has had none for too long. */
export interface LeaderWatchOptions {
  readonly patienceMs: number;
  /** Calls back once; the answer cancels it. */
  readonly after: (ms: number, callback: () => void) => () => void;
}

export class LeaderWatch {
  readonly #options: LeaderWatchOptions;
  readonly #listeners = new Set<() => void>();
  #cancel: (() => void) | undefined;

  constructor(options: LeaderWatchOptions) {
    this.#options = options;
  }

  /** Whether this member knows a leader now. */
  changed(hasLeader: boolean): void {
    if (hasLeader) {
      this.#cancel?.();
      this.#cancel = undefined;
      return;
    }
    this.#cancel ??= this.#options.after(this.#options.patienceMs, () => this.#tell());
  }

  /** The answer ends it. */
  onLost(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    this.#cancel?.();
    this.#listeners.clear();
  }

  #tell(): void {
    const listeners = [...this.#listeners];
    this.#listeners.clear();
    for (const listener of listeners) listener();
  }
}
