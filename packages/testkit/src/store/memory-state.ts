/** A store's state in memory, as its type sees it: tables of its own, over a `MemoryStorage`. */
import { assert, sha256, toHex, utf8, type Hash } from "@lattice/model";
import { MemoryStorage } from "@lattice/storage";
import type { StateReader, StateTable, StateTx } from "@lattice/store";

export type StateRow = readonly [table: string, key: Uint8Array, value: Uint8Array];

export class MemoryState implements StateReader, StateTx {
  readonly #tables: readonly string[];
  readonly #storage: MemoryStorage;

  /** With `rows`, as `rows()` of another gives them, it begins where that one was. */
  constructor(tables: readonly string[], rows: readonly StateRow[] = []) {
    this.#tables = tables;
    this.#storage = new MemoryStorage({ tables });
    this.#storage.transaction((table) => {
      for (const [name, key, value] of rows) table(name).put(key, value);
    });
  }

  /** Each write is a transaction of its own; several as one go through `transaction`. */
  table(name: string): StateTable {
    const table = this.reader.table(name);
    return {
      get: (key) => table.get(key),
      has: (key) => table.has(key),
      range: (range) => table.range(range),
      count: () => table.count(),
      put: (key, value) => this.transaction((tx) => tx.table(name).put(key, value)),
      delete: (key) => this.transaction((tx) => tx.table(name).delete(key)),
    };
  }

  /** What queries and streams get: a write throws `InvariantError`. */
  readonly reader: StateReader = { table: (name) => this.#storage.table(this.#declared(name)) };

  /** Keeps what `body` wrote; if it throws, nothing of it. Afterwards its tables refuse writes. */
  transaction<T>(body: (tx: StateTx) => T): T {
    return this.#storage.transaction((table) => body({ table: (name) => table(this.#declared(name)) }));
  }

  /** Copies of all rows, by table and key. */
  rows(): StateRow[] {
    return this.#tables.flatMap((name) =>
      [...this.#storage.table(name).range()].map(([key, value]): StateRow => [
        name,
        new Uint8Array(key),
        new Uint8Array(value),
      ]),
    );
  }

  /** Every row of every table, in hex: equal texts, equal states. */
  dump(): string {
    return this.rows()
      .map(([name, key, value]) => `${name} ${toHex(key)} ${toHex(value)}`)
      .join("\n");
  }

  /** One hash over all rows. */
  digest(): Hash {
    return sha256(utf8(this.dump()));
  }

  #declared(name: string): string {
    assert(this.#tables.includes(name), `the store type declared the table ${name}`);
    return name;
  }
}
