/**
 * What goes to the disk, in the order in which it was asked for. Plain changes of the log are handed to it as they come, all that
 * wait together, and share its write; what takes several steps waits for what is before it, and all that comes after waits for it.
 */
import type { PersistentChange, RaftStorage } from "@lattice/raft";

export interface WriteSteps {
  /** Keeps the pieces of a snapshot durably. */
  readonly keep: (change: PersistentChange) => Promise<void>;
  /** All pieces of it are there: the state that they make is put beside the present one. */
  readonly stage: (change: PersistentChange) => Promise<void>;
  /** The log says that it goes on behind that snapshot: the state takes its place. */
  readonly adopt: (change: PersistentChange) => Promise<void>;
}

export interface WriteQueueOptions {
  readonly log: RaftStorage;
  readonly steps: WriteSteps;
  /** Everything up to this write is durable. */
  readonly persisted: (writeId: number) => void;
  /** Something was not written; nothing is from now on. */
  readonly failed: (error: unknown) => void;
}

interface Change {
  readonly kind: "change";
  readonly writeId: number;
  readonly change: PersistentChange;
}

interface Task {
  readonly kind: "task";
  readonly run: () => Promise<void>;
}

export class WriteQueue {
  readonly #options: WriteQueueOptions;
  #waiting: (Change | Task)[] = [];
  #running: Promise<void> | undefined;
  #isEnded = false;

  constructor(options: WriteQueueOptions) {
    this.#options = options;
  }

  add(writeId: number, change: PersistentChange): void {
    this.#push({ kind: "change", writeId, change });
  }

  /** Anything else that is to come in this order. If it rejects, nothing is written any more. */
  addTask(run: () => Promise<void>): void {
    this.#push({ kind: "task", run });
  }

  /** Drops what waits, and resolves once nothing is under way. */
  async end(): Promise<void> {
    this.#isEnded = true;
    this.#waiting = [];
    await this.#running;
  }

  #push(item: Change | Task): void {
    if (this.#isEnded) return;
    this.#waiting.push(item);
    this.#running ??= this.#run();
  }

  /** Never rejects. */
  async #run(): Promise<void> {
    try {
      while (this.#waiting.length > 0) await this.#next();
    } catch (error) {
      this.#waiting = [];
      const isNews = !this.#isEnded;
      this.#isEnded = true;
      if (isNews) this.#options.failed(error);
    } finally {
      this.#running = undefined;
    }
  }

  async #next(): Promise<void> {
    const plain = this.#takePlain();
    if (plain.length > 0) {
      await Promise.all(plain.map(({ change }) => this.#writeLog(change)));
      this.#done(plain.at(-1)!);
      return;
    }
    const item = this.#waiting.shift()!;
    if (item.kind === "task") await item.run();
    else {
      await this.#inSteps(item.change);
      this.#done(item);
    }
  }

  /** What is at the front of those that wait and only concerns the log. */
  #takePlain(): Change[] {
    const plain: Change[] = [];
    for (const item of this.#waiting) {
      if (item.kind === "task" || item.change.chunks.length > 0 || item.change.install !== undefined) break;
      plain.push(item);
    }
    this.#waiting.splice(0, plain.length);
    return plain;
  }

  async #inSteps(change: PersistentChange): Promise<void> {
    const { steps } = this.#options;
    if (change.chunks.length > 0) await steps.keep(change);
    if (change.install !== undefined) await steps.stage(change);
    await this.#writeLog(change);
    if (change.install !== undefined) await steps.adopt(change);
  }

  async #writeLog({ hardState, entries, install }: PersistentChange): Promise<void> {
    if (hardState === undefined && install === undefined && entries.length === 0) return;
    await this.#options.log.write({
      ...(hardState !== undefined && { hardState }),
      // Its bytes are the state's from now on: nobody can be sent them from here.
      ...(install !== undefined && { snapshot: { ...install, sizeBytes: 0, checksum: 0 } }),
      ...(entries.length > 0 && { entries }),
    });
  }

  #done({ writeId }: Change): void {
    if (!this.#isEnded) this.#options.persisted(writeId);
  }
}
