/**
 * Waits until what was written to a file is on the disk, in place or on another thread.
 *
 * Another thread keeps this one free, but waking it and coming back costs about as much as a fast disk takes for the
 * sync itself (measured: 0.14 to 0.2 ms in place, 0.25 to 0.43 ms elsewhere). So where one small write is all there is
 * to wait for, and the disk has been fast, it is waited for in place. When it is slow once, or more want to write, whose
 * requests this thread could take meanwhile, the thread is kept free.
 */
import { fdatasync, fdatasyncSync } from "node:fs";
import { promisify } from "node:util";

/** Up to this a sync counts as fast, in milliseconds: nobody misses the event loop for so long. */
const FAST_MS_MAX = 1;
/** Fast ones in a row after which the disk is trusted to be fast. */
const FAST_COUNT = 8;

const syncElsewhere = promisify(fdatasync);

export class DataSync {
  #fastInARow = 0;

  async run(fd: number, { mayBlock }: { readonly mayBlock: boolean }): Promise<void> {
    const start = performance.now();
    if (mayBlock && this.#fastInARow >= FAST_COUNT) fdatasyncSync(fd);
    else await syncElsewhere(fd);
    this.#fastInARow = performance.now() - start <= FAST_MS_MAX ? this.#fastInARow + 1 : 0;
  }
}
