/**
 * Waits until what was written to a file is on the disk, in place or on another thread.
 *
 * Another thread keeps this one free, but waking it and coming back costs about as much as a fast disk takes for the
 * sync itself (measured: 0.14 to 0.2 ms in place, 0.25 to 0.43 ms elsewhere). So where one small write is all there is
 * to wait for, and the disk is fast in the mean, it is waited for in place. When it is not, or more want to write, whose
 * requests this thread could take meanwhile, the thread is kept free.
 */
import { fdatasync, fdatasyncSync } from "node:fs";
import { promisify } from "node:util";

/** In the mean up to this a disk counts as fast, in milliseconds: nobody misses the event loop for so long. */
const FAST_MS_MAX = 1;
/** How much the last sync counts in the mean. One that is slow among fast ones, as where the processor is busy, says little of the disk. */
const LAST_PART = 1 / 8;

const syncElsewhere = promisify(fdatasync);

export class DataSync {
  /** Not trusted before some have been fast. */
  #meanMs = 2 * FAST_MS_MAX;

  async run(fd: number, { mayBlock }: { readonly mayBlock: boolean }): Promise<void> {
    const start = performance.now();
    if (mayBlock && this.#meanMs <= FAST_MS_MAX) fdatasyncSync(fd);
    else await syncElsewhere(fd);
    this.#meanMs += (performance.now() - start - this.#meanMs) * LAST_PART;
  }
}
