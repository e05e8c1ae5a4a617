/**
 * What simulated clusters replicate: the key space that ships, over storage in memory that keeps at a crash what was last written in a
 * checkpoint.
 */
import { etcdserverpb, type EtcdError } from "@lattice/etcd-proto";
import { dumpTables, KeySpace, MVCC_TABLES, TableRestore, type KeySpaceWriter } from "@lattice/mvcc";
import { logIndex, NO_INDEX, NO_TERM, PackReader, PackWriter, term, type EntryId } from "@lattice/raft";
import type { Committed, StateMachine, StateView } from "@lattice/raft-node";
import { MemoryStorage, type TableReader } from "@lattice/storage";

const META_TABLE = "meta";
const TABLES = [...MVCC_TABLES, META_TABLE];
const APPLIED_KEY = Uint8Array.of(1);

/** The answer to a request, and at which revision it was given. */
export interface KeyAnswer {
  readonly revision: number;
  readonly response: etcdserverpb.TxnResponse | EtcdError;
}

/** What was applied, and what it gives to each request. */
export type OnApplied = (entry: Committed, answers: readonly KeyAnswer[]) => void;

/** Where a machine keeps its state between two lives. */
export class MachineDisk {
  readonly #disk: () => Promise<void>;
  storage: MemoryStorage;
  staged: { readonly id: EntryId; readonly storage: MemoryStorage } | undefined;

  /** `disk`: what a checkpoint waits for, or fails with. */
  constructor(disk: () => Promise<void>) {
    this.#disk = disk;
    this.storage = this.newStorage();
  }

  newStorage(): MemoryStorage {
    return new MemoryStorage({ tables: TABLES, disk: this.#disk, durability: "checkpoint" });
  }

  crash(): void {
    this.storage = this.storage.crash();
    if (this.staged !== undefined) this.staged = { ...this.staged, storage: this.staged.storage.crash() };
  }
}

export class KeyMachine implements StateMachine<KeyAnswer> {
  readonly #disk: MachineDisk;
  readonly #onApplied: OnApplied;
  #applied: EntryId;

  constructor(disk: MachineDisk, onApplied: OnApplied) {
    this.#disk = disk;
    this.#onApplied = onApplied;
    this.#applied = readApplied(disk.storage);
  }

  get applied(): EntryId {
    return this.#applied;
  }

  get keys(): KeySpace {
    const { storage } = this.#disk;
    return new KeySpace((name) => storage.table(name));
  }

  apply(committed: readonly Committed[]): readonly (readonly KeyAnswer[])[] {
    const last = committed.at(-1)!.id;
    const answers = this.#disk.storage.transaction((table) => {
      table(META_TABLE).put(APPLIED_KEY, encodeId(last));
      return this.keys.write(table, (writer) => committed.map((entry) => answersTo(writer, entry)));
    });
    this.#applied = last;
    for (const [at, entry] of committed.entries()) this.#onApplied(entry, answers[at]!);
    return answers;
  }

  async checkpoint(): Promise<EntryId> {
    const applied = this.#applied;
    await this.#disk.storage.checkpoint();
    return applied;
  }

  view(): StateView {
    const view = this.#disk.storage.view();
    return {
      id: readApplied(view),
      async *pieces() {
        yield* dumpTables((name) => view.table(name), TABLES);
      },
      async [Symbol.asyncDispose]() {
        view.close();
      },
    };
  }

  async stage(id: EntryId, pieces: AsyncIterable<Uint8Array>): Promise<void> {
    this.#disk.staged = undefined;
    const storage = this.#disk.newStorage();
    const restore = new TableRestore(storage);
    for await (const piece of pieces) restore.add(piece);
    restore.end();
    await storage.checkpoint();
    this.#disk.staged = { id, storage };
  }

  get stagedId(): EntryId | undefined {
    return this.#disk.staged?.id;
  }

  async adopt(): Promise<void> {
    const before = this.#disk.storage;
    this.#disk.storage = this.#disk.staged!.storage;
    this.#disk.staged = undefined;
    this.#applied = readApplied(this.#disk.storage);
    await before.close();
  }

  async unstage(): Promise<void> {
    this.#disk.staged = undefined;
  }

  /** The disk is the world's, and is there for the next life. */
  async close(): Promise<void> {}
}

function answersTo(writer: KeySpaceWriter, entry: Committed): readonly KeyAnswer[] {
  if (entry.kind !== "requests") return [];
  return entry.requests.map((bytes) => {
    const response = writer.txn(etcdserverpb.TxnRequest.fromBinary(bytes));
    return { revision: writer.revision, response };
  });
}

function readApplied(tables: { table(name: string): TableReader }): EntryId {
  const row = tables.table(META_TABLE).get(APPLIED_KEY);
  if (row === undefined) return { index: NO_INDEX, term: NO_TERM };
  const reader = new PackReader(row);
  return { index: logIndex(reader.uint()), term: term(reader.uint()) };
}

function encodeId(id: EntryId): Uint8Array {
  const to = new PackWriter();
  to.uint(id.index);
  to.uint(id.term);
  return new Uint8Array(to.written);
}
