import { assert, type SetSum } from "@lattice/model";
import type { Table } from "@lattice/storage";
import type { StateTx, StoreType } from "@lattice/store";
import { DigestTable } from "./digest-table.ts";
import type { PendingSums } from "./pending-sums.ts";
import { appTable } from "./tables.ts";

/** The tables of a store type, in one `apply` after the other; the last one can be taken back. */
export class AppTx implements StateTx {
  readonly #table: (name: string) => Table;
  readonly #sums: PendingSums;
  readonly #type: StoreType;
  readonly #undo: (() => void)[] = [];
  readonly #open = new Map<string, UndoTable>();

  constructor(table: (name: string) => Table, sums: PendingSums, type: StoreType) {
    this.#table = table;
    this.#sums = sums;
    this.#type = type;
  }

  table(name: string): UndoTable {
    const known = this.#open.get(name);
    if (known !== undefined) return known;
    assert(this.#type.tables.includes(name), `store type ${this.#type.type} declares table ${name}`);
    const full = appTable(name);
    const opened = new UndoTable(this.#table(full), this.#sums.of(full), this.#undo);
    this.#open.set(name, opened);
    return opened;
  }

  begin(): void {
    this.#undo.length = 0;
  }

  undo(): void {
    for (const step of this.#undo.splice(0).toReversed()) step();
  }
}

class UndoTable extends DigestTable {
  readonly #undo: (() => void)[];

  constructor(table: Table, sum: SetSum, undo: (() => void)[]) {
    super(table, sum);
    this.#undo = undo;
  }

  protected override onChange(key: Uint8Array, before: Uint8Array | undefined): void {
    this.#undo.push(() => (before === undefined ? this.delete(key) : this.put(key, before)));
  }
}
