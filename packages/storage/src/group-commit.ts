/**
 * One commit at a time, shared by all who ask for it: a call joins the commit that has not begun yet, and
 * whatever is asked for while one is under way waits for the next.
 */
export interface GroupCommitOptions {
  /** Makes everything durable that was there when it is called. */
  readonly commit: () => Promise<void>;
  /** Calls `begin` soon. The longer it takes, the more callers share one commit. */
  readonly schedule: (begin: () => void) => void;
}

export class GroupCommit {
  readonly #options: GroupCommitOptions;
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  constructor(options: GroupCommitOptions) {
    this.#options = options;
  }

  /** Resolves or rejects with the first commit that begins after this call. */
  request(): Promise<void> {
    this.#next ??= this.#afterRunning().then(() => this.#begin());
    return this.#next;
  }

  /** Resolves when there is none under way or asked for. */
  async idle(): Promise<void> {
    await (this.#next ?? this.#running)?.catch(() => undefined);
  }

  async #afterRunning(): Promise<void> {
    // Its failure is told to those who asked for it.
    await this.#running?.catch(() => undefined);
    await new Promise<void>((resolve) => this.#options.schedule(resolve));
  }

  #begin(): Promise<void> {
    const commit = this.#options.commit();
    this.#running = commit;
    this.#next = undefined;
    return commit;
  }
}
