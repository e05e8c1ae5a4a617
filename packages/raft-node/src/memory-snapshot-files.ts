/** Files for snapshots in memory: for tests and simulations. */
import type { SnapshotFile, SnapshotFiles } from "./snapshot-files.ts";

export class MemorySnapshotFiles implements SnapshotFiles {
  readonly #files = new Map<string, MemoryFile>();
  readonly #disk: () => Promise<void>;

  /** `disk`: what writes wait for, or fail with. */
  constructor(disk: () => Promise<void> = async () => {}) {
    this.#disk = disk;
  }

  get names(): readonly string[] {
    return [...this.#files.keys()];
  }

  async clear(): Promise<void> {
    this.#files.clear();
  }

  async create(name: string): Promise<SnapshotFile> {
    await this.#disk();
    const file = new MemoryFile(this.#disk, () => {
      if (this.#files.get(name) === file) this.#files.delete(name);
    });
    this.#files.set(name, file);
    return file;
  }
}

class MemoryFile implements SnapshotFile {
  readonly #disk: () => Promise<void>;
  readonly #forget: () => void;
  #bytes = Buffer.alloc(0);

  constructor(disk: () => Promise<void>, forget: () => void) {
    this.#disk = disk;
    this.#forget = forget;
  }

  async write(bytes: Uint8Array, offset: number): Promise<void> {
    await this.#disk();
    const longer = Buffer.alloc(Math.max(this.#bytes.length, offset + bytes.length));
    longer.set(this.#bytes);
    longer.set(bytes, offset);
    this.#bytes = longer;
  }

  sync(): Promise<void> {
    return this.#disk();
  }

  async read(offset: number, bytesMax: number): Promise<Uint8Array> {
    return new Uint8Array(this.#bytes.subarray(offset, offset + bytesMax));
  }

  async remove(): Promise<void> {
    this.#forget();
  }
}
