/** How much room the state takes, against what it may take. */
import { statSync } from "node:fs";
import { EtcdError } from "@lattice/etcd-proto";
import type { EtcdMachine } from "../machine/etcd-machine.ts";

export interface StateSizeOptions {
  readonly machine: EtcdMachine;
  readonly quotaBytes: number;
  /** Something was refused for lack of room. */
  readonly exceeded: () => void;
}

export class StateSize {
  readonly #options: StateSizeOptions;
  #fileBytes = 0;
  #pendingBytes = 0;

  constructor(options: StateSizeOptions) {
    this.#options = options;
    this.measure();
  }

  /** In the file, and in memory on its way there. */
  get bytes(): number {
    return this.#fileBytes + this.#pendingBytes;
  }

  get isExceeded(): boolean {
    return this.bytes > this.#options.quotaBytes;
  }

  /** After what was applied. */
  grown(): void {
    this.#pendingBytes = this.#options.machine.storage.bytesPending();
  }

  /** The file may be another one. */
  measure(): void {
    const { machine } = this.#options;
    this.#fileBytes = statSync(machine.stateFile, { throwIfNoEntry: false })?.size ?? 0;
    this.#pendingBytes = machine.storage.bytesPending();
  }

  /** Throws `noSpace` where so many bytes more are too much. */
  check(bytes: number): void {
    if (this.bytes + bytes <= this.#options.quotaBytes) return;
    this.#options.exceeded();
    throw EtcdError.of("noSpace");
  }
}
