/**
 * How much room the state takes, against what it may take. What counts is what is in use: what was compacted makes room at once,
 * though the file does not shrink before it is defragmented.
 */
import { EtcdError } from "@lattice/etcd-proto";
import { LatticeError } from "@lattice/model";
import type { StorageSize } from "@lattice/storage";
import type { EtcdMachine } from "../machine/etcd-machine.ts";

export interface StateSizeOptions {
  readonly machine: Pick<EtcdMachine, "storage">;
  readonly quotaBytes: number;
  /** Something was refused for lack of room. */
  readonly exceeded: () => void;
}

export class StateSize {
  readonly #options: StateSizeOptions;
  #size: StorageSize = { file: 0, used: 0 };
  /** In memory, on its way to the file. */
  #pendingBytes = 0;

  constructor(options: StateSizeOptions) {
    this.#options = options;
    this.measure();
  }

  get fileBytes(): number {
    return this.#size.file + this.#pendingBytes;
  }

  get usedBytes(): number {
    return this.#size.used + this.#pendingBytes;
  }

  get isExceeded(): boolean {
    return this.usedBytes > this.#options.quotaBytes;
  }

  /** After what was applied. */
  grown(): void {
    const pendingBytes = this.#options.machine.storage.bytesPending();
    // It is on its way to the file, or there.
    if (pendingBytes < this.#pendingBytes) this.measure();
    this.#pendingBytes = pendingBytes;
  }

  /** Leaves it as it was while the state is closed, as it is for a moment when another one comes from the leader. */
  measure(): void {
    const { storage } = this.#options.machine;
    try {
      this.#size = storage.size();
      this.#pendingBytes = storage.bytesPending();
    } catch (error) {
      if (LatticeError.from(error).code !== "closed") throw error;
    }
  }

  /** Throws `noSpace` where so many bytes more are too much. */
  check(bytes: number): void {
    if (this.usedBytes + bytes <= this.#options.quotaBytes) return;
    this.#options.exceeded();
    throw EtcdError.of("noSpace");
  }
}
