/**
 * A state as one string of bytes: how it goes to a member that has fallen behind, and into a backup. The same state gives
 * the same bytes: 16 that say what it is, and the tables in the order of their names (`dumpTables`).
 */
import { equalBytes, LatticeError, utf8 } from "@lattice/model";
import { dumpTables, TableRestore } from "@lattice/mvcc";
import type { Storage, TableReader } from "@lattice/storage";

/** What it begins with. */
export const STATE_MAGIC = "lattice state 1\n";

const MAGIC = utf8(STATE_MAGIC);

/** In pieces of 256 KiB at the most. */
export function* encodeState(
  tables: readonly string[],
  table: (name: string) => TableReader,
): Generator<Uint8Array> {
  yield MAGIC;
  yield* dumpTables(table, tables.toSorted());
}

/** Fills an empty storage with the pieces, however they were cut. Throws `corrupt`; then the storage is to be thrown away. */
export class StateReader {
  readonly #restore: TableRestore;
  /** Undefined once it has been seen. */
  #magic: Uint8Array | undefined = new Uint8Array();

  constructor(storage: Storage) {
    this.#restore = new TableRestore(storage);
  }

  add(piece: Uint8Array): void {
    if (this.#magic === undefined) this.#restore.add(piece);
    else this.#begin(Buffer.concat([this.#magic, piece]));
  }

  /** Throws where it is not complete. */
  end(): void {
    this.#restore.end();
  }

  #begin(bytes: Uint8Array): void {
    this.#magic = bytes;
    if (bytes.length < MAGIC.length) return;
    if (!equalBytes(bytes.subarray(0, MAGIC.length), MAGIC)) {
      throw new LatticeError("corrupt", "what should be the state of a cluster does not begin as one");
    }
    this.#magic = undefined;
    this.#restore.add(bytes.subarray(MAGIC.length));
  }
}
