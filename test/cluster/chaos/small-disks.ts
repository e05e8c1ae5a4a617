/** A file system in memory for each member, which can be filled. In a name space in which file systems can be mounted. */
import { execFileSync } from "node:child_process";
import { closeSync, mkdirSync, openSync, rmSync, statfsSync, writeSync } from "node:fs";
import { join } from "node:path";

const PIECE = new Uint8Array(1 << 16);

export class SmallDisks implements Disposable {
  readonly #bytes: number;
  readonly #pathByName = new Map<string, string>();

  constructor(bytes: number) {
    this.#bytes = bytes;
  }

  mount(name: string, path: string): void {
    mkdirSync(path, { recursive: true });
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${this.#bytes},mode=0700`, "tmpfs", path]);
    this.#pathByName.set(name, path);
  }

  unmount(name: string): void {
    const path = this.#pathByName.get(name);
    if (path === undefined) return;
    this.#pathByName.delete(name);
    execFileSync("umount", ["--lazy", path]);
  }

  /** To the last byte. */
  fill(name: string): void {
    const file = openSync(this.#ballast(name), "a");
    try {
      for (;;) writeSync(file, PIECE);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
    } finally {
      closeSync(file);
    }
  }

  free(name: string): void {
    if (this.#pathByName.has(name)) rmSync(this.#ballast(name), { force: true });
  }

  freeBytes(name: string): number {
    const { bavail, bsize } = statfsSync(this.#pathByName.get(name)!);
    return bavail * bsize;
  }

  [Symbol.dispose](): void {
    for (const name of [...this.#pathByName.keys()]) this.unmount(name);
  }

  #ballast(name: string): string {
    return join(this.#pathByName.get(name)!, "ballast");
  }
}
