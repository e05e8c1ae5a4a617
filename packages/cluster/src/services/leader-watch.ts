/** Ends streams: those that want a leader when the cluster has had none for too long, and all when the member stops. */
import { EtcdError } from "@lattice/etcd-proto";

export interface LeaderWatchOptions {
  readonly patienceMs: number;
  /** Calls back once; the answer cancels it. */
  readonly after: (ms: number, callback: () => void) => () => void;
}

interface Listener {
  readonly wantsLeader: boolean;
  readonly end: (why: EtcdError) => void;
}

export class LeaderWatch {
  readonly #options: LeaderWatchOptions;
  readonly #listeners = new Set<Listener>();
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
    this.#cancel ??= this.#options.after(this.#options.patienceMs, () => {
      this.#tell(({ wantsLeader }) => wantsLeader, EtcdError.of("noLeader"));
    });
  }

  /** Does something for as long as it may be done; then rejects with why not. */
  async during(wantsLeader: boolean, run: () => Promise<void>): Promise<void> {
    const ended = Promise.withResolvers<never>();
    ended.promise.catch(() => {});
    const listener = { wantsLeader, end: ended.reject };
    this.#listeners.add(listener);
    try {
      await Promise.race([run(), ended.promise]);
    } finally {
      this.#listeners.delete(listener);
    }
  }

  close(): void {
    this.#cancel?.();
    this.#tell(() => true, EtcdError.of("stopped"));
  }

  #tell(isMeant: (listener: Listener) => boolean, why: EtcdError): void {
    for (const listener of [...this.#listeners].filter(isMeant)) listener.end(why);
  }
}
