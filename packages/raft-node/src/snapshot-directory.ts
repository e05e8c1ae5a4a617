/** Files for snapshots in a directory, which is made when it is needed. */
import { mkdir, open, rm, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { LatticeError } from "@lattice/model";
import type { SnapshotFile, SnapshotFiles } from "./snapshot-files.ts";

/** Of this member alone, and nothing else is kept there. */
export function snapshotDirectory(path: string): SnapshotFiles {
  return {
    clear: () => guarded(path, () => rm(path, { recursive: true, force: true })),
    create: (name) =>
      guarded(join(path, name), async () => {
        await mkdir(path, { recursive: true });
        return new DirectoryFile(join(path, name), await open(join(path, name), "w+", 0o600));
      }),
  };
}

class DirectoryFile implements SnapshotFile {
  readonly #path: string;
  readonly #handle: FileHandle;
  #removed: Promise<void> | undefined;

  constructor(path: string, handle: FileHandle) {
    this.#path = path;
    this.#handle = handle;
  }

  write(bytes: Uint8Array, offset: number): Promise<void> {
    return guarded(this.#path, async () => {
      for (let done = 0; done < bytes.length;) {
        const { bytesWritten } = await this.#handle.write(bytes, done, bytes.length - done, offset + done);
        done += bytesWritten;
      }
    });
  }

  sync(): Promise<void> {
    return guarded(this.#path, () => this.#handle.datasync());
  }

  read(offset: number, bytesMax: number): Promise<Uint8Array> {
    return guarded(this.#path, async () => {
      const bytes = new Uint8Array(bytesMax);
      let done = 0;
      while (done < bytesMax) {
        const { bytesRead } = await this.#handle.read(bytes, done, bytesMax - done, offset + done);
        if (bytesRead === 0) break;
        done += bytesRead;
      }
      return bytes.subarray(0, done);
    });
  }

  remove(): Promise<void> {
    this.#removed ??= guarded(this.#path, async () => {
      await this.#handle.close();
      await rm(this.#path, { force: true });
    });
    return this.#removed;
  }
}

const FULL: ReadonlySet<unknown> = new Set(["ENOSPC", "EDQUOT", "EFBIG"]);

async function guarded<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const system = error instanceof Error && "code" in error ? error.code : undefined;
    const text = error instanceof Error ? error.message : String(error);
    const details = { file: path };
    throw new LatticeError(FULL.has(system) ? "disk-full" : "internal", `${path}: ${text}`, {
      details,
      cause: error,
    });
  }
}
