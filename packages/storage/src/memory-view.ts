/** A copy of rows in memory, for whom the storage goes on to be written to. */
import { LatticeError } from "@lattice/model";
import { MemoryReader, type MemoryRows } from "./memory-table.ts";
import type { StorageView, TableReader } from "./storage.ts";

export interface MemoryViewOptions {
  /** This view's own. */
  readonly rows: ReadonlyMap<string, MemoryRows>;
  /** Is told once that this view is closed. */
  readonly onClose: (view: MemoryView) => void;
}

export class MemoryView implements StorageView {
  readonly #options: MemoryViewOptions;
  #isClosed = false;

  constructor(options: MemoryViewOptions) {
    this.#options = options;
  }

  table(name: string): TableReader {
    this.#assertOpen();
    const rows = this.#options.rows.get(name);
    if (!rows) throw new LatticeError("internal", `there is no table ${name}`);
    return new MemoryReader(rows, () => this.#assertOpen());
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#options.onClose(this);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new LatticeError("closed", "the view of the storage is closed");
  }
}
