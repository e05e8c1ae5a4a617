import type { RootDatabase } from "lmdb";
import type { Rows } from "./lmdb-table.ts";

/** Bytes of keys and values in a transaction: what is not committed stays in memory. */
const TRANSACTION_BYTES = 4 << 20;

/** Copies all rows to a database of another file that is empty, in order, so that its pages become full. */
export function copyRows(from: Rows, to: { root: RootDatabase<Uint8Array, Uint8Array>; rows: Rows }): void {
  const rows = from.getRange({ start: undefined, end: undefined })[Symbol.iterator]();
  try {
    let next = rows.next();
    while (!next.done) {
      to.root.transactionSync(() => {
        for (let bytes = 0; !next.done && bytes < TRANSACTION_BYTES; next = rows.next()) {
          const { key, value } = next.value;
          to.rows.putSync(key, value, { append: true });
          bytes += key.length + value.length;
        }
      });
    }
  } finally {
    rows.return?.();
  }
}
