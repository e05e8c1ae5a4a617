/**
 * The disk of a simulated machine: named files, each a storage, that survive what happens to the machine as a real
 * disk's would. It can be slow, full or broken, and it can be copied.
 */
import { LatticeError } from "@lattice/model";
import { MemoryStorage, type Storage } from "@lattice/storage";
import type { Prng } from "../prng.ts";
import type { Scheduler } from "../scheduler.ts";

export type DiskFault = "none" | "full" | "failing";

export interface SimDiskOptions {
  readonly scheduler: Scheduler;
  readonly random: Prng;
  readonly owner: string;
}

/** Every row of every file that was durable. */
export type DiskImage = ReadonlyMap<string, FileImage>;

interface FileImage {
  readonly tables: readonly string[];
  readonly rows: readonly (readonly [table: string, key: Uint8Array, value: Uint8Array])[];
}

interface File {
  /** Closed while no process has it open. */
  readonly storage: MemoryStorage;
  readonly tables: readonly string[];
}

/** Of these, a machine that loses power leaves nothing that can be relied on. */
const STATE = /\/state$/;

export class SimDisk {
  readonly #options: SimDiskOptions;
  readonly #files = new Map<string, File>();
  #fault: DiskFault = "none";
  #bootCount = 0;
  /** How long a flush takes. */
  flushMs: readonly [from: number, to: number] = [0.1, 2];

  constructor(options: SimDiskOptions) {
    this.#options = options;
  }

  get fault(): DiskFault {
    return this.#fault;
  }

  setFault(fault: DiskFault): void {
    this.#fault = fault;
  }

  get bootId(): string {
    return `${this.#options.owner} ${this.#bootCount}`;
  }

  has(name: string): boolean {
    return this.#files.has(name);
  }

  open(name: string, tables: readonly string[]): Storage {
    const known = this.#files.get(name);
    if (known?.storage.isClosed === false) throw new LatticeError("in-use", `${name} is in use`);
    // A storage that was closed refuses everything; what it held is had by way of a crash that loses nothing.
    const storage = known?.storage.crash() ?? this.#newStorage(tables);
    this.#files.set(name, { storage, tables });
    return storage;
  }

  remove(name: string): void {
    this.#files.delete(name);
  }

  rename(from: string, to: string): void {
    const file = this.#files.get(from);
    if (file === undefined) throw new LatticeError("internal", `there is no file ${from}`);
    this.#files.delete(from);
    this.#files.set(to, file);
  }

  /** Every process on the machine ends. What was not durable survives up to some transaction, of each file by itself. */
  crash({ machine }: { machine: boolean }): void {
    const { random } = this.#options;
    if (machine) this.#bootCount += 1;
    for (const [name, file] of this.#files) {
      if (file.storage.isClosed) continue;
      const pending = file.storage.pendingCount;
      const left = file.storage.crash({ keeps: random.chance(0.5) ? 0 : random.below(pending + 1) });
      if (machine && STATE.test(name) && random.chance(0.5)) this.#garble(left, file.tables);
      this.#files.set(name, { storage: closed(left), tables: file.tables });
    }
  }

  /** Of a machine that is off. */
  image(): DiskImage {
    return new Map([...this.#files].map(([name, file]) => [name, this.#imageOf(name, file)]));
  }

  /** Puts an image in the place of everything that is there. */
  restore(image: DiskImage): void {
    this.wipe();
    for (const [name, { tables, rows }] of image) {
      const storage = this.#newStorage(tables);
      storage.transaction((table) => {
        for (const [of, key, value] of rows) table(of).put(key, value);
      });
      this.#files.set(name, { storage: closed(storage.crash({ keeps: 1 })), tables });
    }
  }

  /** Changes one bit of a value, of a machine that is off. Says whether there was one. */
  rot(name: string, table: string, random: Prng): boolean {
    const file = this.#files.get(name);
    if (file === undefined) return false;
    const readable = file.storage.crash();
    const rows = [...readable.table(table).range()];
    // The first is the genesis, without which there is no store.
    const [key, value] = rows[random.between(1, Math.max(1, rows.length - 1))] ?? [];
    if (key !== undefined && value !== undefined && value.length > 0) {
      const changed = new Uint8Array(value);
      changed[random.below(changed.length)]! ^= 1 << random.below(8);
      readable.transaction((of) => of(table).put(key, changed));
    }
    this.#files.set(name, { storage: closed(readable), tables: file.tables });
    return key !== undefined;
  }

  wipe(): void {
    this.#files.clear();
    this.#bootCount += 1;
  }

  bytes(name: string): number {
    return this.#files.has(name) ? 4096 : 0;
  }

  #newStorage(tables: readonly string[]): MemoryStorage {
    return new MemoryStorage({ tables, disk: () => this.#sync() });
  }

  #sync(): Promise<void> {
    const { scheduler, random, owner } = this.#options;
    const [from, to] = this.flushMs;
    return new Promise((resolve, reject) => {
      scheduler.after(random.spread(from, to), `disk ${owner}`, () => {
        if (this.#fault === "full") reject(new LatticeError("disk-full", "the disk is full"));
        else if (this.#fault === "failing") reject(new LatticeError("internal", "the disk failed"));
        else resolve();
      });
    });
  }

  #imageOf(name: string, file: File): FileImage {
    const { storage, tables } = file;
    if (!storage.isClosed) throw new LatticeError("internal", `${name} is in use`);
    const readable = storage.crash();
    const rows = tables.flatMap((table) =>
      [...readable.table(table).range()].map(([key, value]) => [table, key, value] as const),
    );
    this.#files.set(name, { storage: closed(readable), tables });
    return { tables, rows };
  }

  /** Pages that had not reached the disk. */
  #garble(storage: MemoryStorage, tables: readonly string[]): void {
    const { random } = this.#options;
    storage.transaction((table) => {
      for (const name of tables) {
        for (const [key] of [...table(name).range()]) if (random.chance(0.3)) table(name).delete(key);
      }
    });
  }
}

/** One that nobody has open; nothing of it is lost. */
function closed(storage: MemoryStorage): MemoryStorage {
  storage.crash({ keeps: storage.pendingCount });
  return storage;
}
