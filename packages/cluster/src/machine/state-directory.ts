/**
 * Where the machine's storage lies: `N/state.db`, of which the greatest N counts. Another state is prepared beside it under a name that
 * counts for nothing, and takes its place by being renamed, so that a crash leaves the one or the other.
 *
 *   N           a state; a lower N is what an adoption left behind
 *   N.staging   is being written
 *   N.staged    complete: `id` says what it stands for
 */
import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { PackReader, PackWriter, readEntryId, writeEntryId, type EntryId } from "@lattice/raft";
import type { CheckpointedStorage } from "@lattice/storage";
import { renameDurably, syncDirectory, writeFileDurably } from "../disk/durable.ts";
import { STATE_STAGED_BYTES_MAX } from "../limits.ts";
import { StateReader } from "./state-stream.ts";

/** Opens a storage at a path; made where it is not there. */
export type OpenStateStorage = (path: string) => CheckpointedStorage;

export interface StateDirectoryOptions {
  readonly directory: string;
  readonly tables: readonly string[];
  readonly open: OpenStateStorage;
}

const ID_FILE = "id";

export class StateDirectory {
  readonly #options: StateDirectoryOptions;
  #current: number;
  #stagedId: EntryId | undefined;

  constructor(options: StateDirectoryOptions) {
    this.#options = options;
    mkdirSync(options.directory, { recursive: true, mode: 0o700 });
    const names = readdirSync(options.directory);
    const numbers = names.filter((name) => /^\d+$/.test(name)).map(Number);
    this.#current = Math.max(1, ...numbers);
    for (const name of names) if (!this.#counts(name)) this.#remove(name);
    this.#stagedId = names.includes(this.#stagedName) ? this.#readId() : undefined;
  }

  get stagedId(): EntryId | undefined {
    return this.#stagedId;
  }

  openCurrent(): CheckpointedStorage {
    return this.#options.open(this.#pathOf(String(this.#current)));
  }

  async stage(id: EntryId, pieces: AsyncIterable<Uint8Array>): Promise<void> {
    this.unstage();
    const name = `${this.#current + 1}.staging`;
    try {
      await this.#write(name, pieces);
      this.#writeId(name, id);
      this.#rename(name, this.#stagedName);
      this.#stagedId = id;
    } catch (error) {
      this.#remove(name);
      throw error;
    }
  }

  unstage(): void {
    this.#stagedId = undefined;
    this.#remove(this.#stagedName);
  }

  /** Nobody has the old one open. The new one counts from here on. */
  adopt(): void {
    this.#rename(this.#stagedName, String(this.#current + 1));
    this.#stagedId = undefined;
    this.#remove(String(this.#current));
    this.#current += 1;
  }

  async #write(name: string, pieces: AsyncIterable<Uint8Array>): Promise<void> {
    await using storage = this.#options.open(this.#pathOf(name));
    const reader = new StateReader(storage);
    for await (const piece of pieces) {
      reader.add(piece);
      if (storage.bytesPending() > STATE_STAGED_BYTES_MAX) await storage.checkpoint();
    }
    reader.end();
    await storage.checkpoint();
  }

  #counts(name: string): boolean {
    return name === String(this.#current) || name === this.#stagedName;
  }

  get #stagedName(): string {
    return `${this.#current + 1}.staged`;
  }

  #pathOf(name: string): string {
    return join(this.#options.directory, name, "state.db");
  }

  #readId(): EntryId {
    const path = join(this.#options.directory, this.#stagedName, ID_FILE);
    return readEntryId(new PackReader(readFileSync(path)));
  }

  #writeId(name: string, id: EntryId): void {
    const writer = new PackWriter();
    writeEntryId(writer, id);
    const directory = join(this.#options.directory, name);
    writeFileDurably(join(directory, ID_FILE), writer.written);
    syncDirectory(directory);
  }

  #rename(from: string, to: string): void {
    renameDurably(join(this.#options.directory, from), join(this.#options.directory, to));
  }

  #remove(name: string): void {
    rmSync(join(this.#options.directory, name), { recursive: true, force: true });
  }
}
