/**
 * The storage port over a log: many who write share one write to the disk. A driver; the rules are the writer's.
 *
 * One write to the disk is under way at a time. What is asked for meanwhile waits and shares the next, so the slower the
 * disk, the more share it, without a timer. After one that failed, it is not known what the disk has: the kernel may have
 * thrown away what it could not write and say so only once, so trying again could lie. Everything from there on rejects.
 */
import { LatticeError } from "@lattice/model";
import type { Persisted, RaftStorage, RaftWrite } from "@lattice/raft";
import { GROUP_BYTES_MAX } from "./limits.ts";
import { LogWriter, type SegmentWrite } from "./log-writer.ts";
import type { RecoveredLog, SegmentPlace } from "./recover-log.ts";

/** Where segments are kept: the files of a directory, or those of a simulation. */
export interface LogDisk {
  /**
   * Durable once it resolves. A segment that is new is made before, as zeros. Called again only then. `isAlone` says that
   * one caller waits for it, and nobody else wants to write.
   */
  write(write: SegmentWrite, how: { readonly isAlone: boolean }): Promise<void>;
  /** May come back after a crash, so nothing needs to wait for it. Never rejects. */
  remove(segments: readonly number[]): Promise<void>;
  close(): Promise<void>;
}

export interface RaftLogOptions {
  readonly recovered: RecoveredLog;
  readonly disk: LogDisk;
  /** Of new segments: whole sectors. */
  readonly segmentBytes: number;
  /** Calls `begin` soon. Whoever writes before shares the write. Default: `setImmediate`. */
  readonly schedule?: (begin: () => void) => void;
}

interface Waiting {
  readonly write: RaftWrite;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export class RaftLog implements RaftStorage {
  readonly persisted: Persisted;
  /** Where the write that was under way at a crash was cut off, for whoever wants to tell. */
  readonly torn: SegmentPlace | undefined;
  readonly #disk: LogDisk;
  readonly #writer: LogWriter;
  readonly #schedule: (begin: () => void) => void;
  #waiting: Waiting[] = [];
  #running: Promise<void> | undefined;
  #removing: Promise<void> = Promise.resolve();
  /** Why nothing is written any more. */
  #ended: LatticeError | undefined;
  #closed: Promise<void> | undefined;

  constructor({ recovered, disk, segmentBytes, schedule = setImmediate }: RaftLogOptions) {
    this.persisted = recovered.persisted;
    this.torn = recovered.torn;
    this.#disk = disk;
    this.#writer = new LogWriter(recovered.end, { segmentBytes });
    // Not at once: a caller that only ever waits for its writes would never let the event loop turn.
    this.#schedule = schedule;
  }

  write(write: RaftWrite): Promise<void> {
    if (this.#ended) return Promise.reject(this.#ended);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ write, resolve, reject });
      this.#running ??= this.#run();
    });
  }

  close(): Promise<void> {
    this.#ended ??= new LatticeError("closed", "the log is closed");
    this.#closed ??= this.#close();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    await this.#running;
    await this.#removing;
    await this.#disk.close();
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      await new Promise<void>((resolve) => this.#schedule(resolve));
      const group = this.#group();
      try {
        await this.#commit({ isAlone: group.length === 1 && this.#waiting.length === 0 });
      } catch (error) {
        this.#fail(group, LatticeError.from(error));
        break;
      }
      for (const { resolve } of group) resolve();
    }
    this.#running = undefined;
  }

  /** Gives the writer as many of those that wait as share a frame. One that does not go with the log rejects by itself. */
  #group(): Waiting[] {
    const group: Waiting[] = [];
    let count = 0;
    for (const waiting of this.#waiting) {
      if (this.#writer.waitingBytes >= GROUP_BYTES_MAX) break;
      count += 1;
      try {
        this.#writer.add(waiting.write);
        group.push(waiting);
      } catch (error) {
        waiting.reject(LatticeError.from(error));
      }
    }
    this.#waiting.splice(0, count);
    return group;
  }

  async #commit(how: { readonly isAlone: boolean }): Promise<void> {
    const write = this.#writer.take();
    if (!write) return;
    await this.#disk.write(write, how);
    if (write.removable.length > 0) this.#remove(write.removable);
  }

  #fail(group: readonly Waiting[], error: LatticeError): void {
    // Also of a log that is being closed: what waited was not written.
    this.#ended = error;
    for (const { reject } of [...group, ...this.#waiting.splice(0)]) reject(error);
  }

  #remove(segments: readonly number[]): void {
    this.#removing = this.#removing.then(() => this.#disk.remove(segments));
  }
}
