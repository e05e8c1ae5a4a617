/**
 * Waits until what was written to a file is on disk.
 *
 * Handing the wait to another thread keeps this one free, but costs more than a fast disk takes for the sync itself
 * (measured: a third of the rate of durable transactions). So a disk that has been fast is waited for in place; when it
 * is slow once, the thread is kept free again for a while.
 */
import { fdatasync, fdatasyncSync } from "node:fs";
import { promisify } from "node:util";

/** Up to this a sync counts as fast, in milliseconds: nobody misses the event loop for so long. */
const FAST_MS_MAX = 1;
/** Fast ones in a row after which the disk is trusted to be fast. */
const FAST_COUNT = 8;

const syncElsewhere = promisify(fdatasync);

export class DataSync {
  readonly #fd: number;
  #fastInARow = 0;

  constructor(fd: number) {
    this.#fd = fd;
  }

  async run(): Promise<void> {
    const start = performance.now();
    if (this.#fastInARow >= FAST_COUNT) fdatasyncSync(this.#fd);
    else await syncElsewhere(this.#fd);
    this.#fastInARow = performance.now() - start <= FAST_MS_MAX ? this.#fastInARow + 1 : 0;
  }
}
