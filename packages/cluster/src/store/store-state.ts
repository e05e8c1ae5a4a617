/** What a member has applied of its stores: read by queries and streams, and by what commands stand on. */
import { LatticeError, sha256Parts, utf8, type Hash, type IntentionId } from "@lattice/model";
import type { TableReader } from "@lattice/storage";
import type { Op, StateReader, StoreType } from "@lattice/store";
import { readOp, type PlacedOp } from "./compose-op.ts";
import { ScopedReader } from "./scoped-table.ts";
import {
  decodeOpRow,
  OP_IDS_TABLE,
  opIdKey,
  opKey,
  OPS_TABLE,
  readStore,
  readStores,
  rowPrefix,
  ROWS_TABLE,
  seqOfOpKey,
  STORES_TABLE,
  type StoreRow,
} from "./store-rows.ts";

/** The tables of the replicated state, which is another one at times. */
export type Tables = (name: string) => TableReader;

export function storesOf(tables: Tables): StoreRow[] {
  return readStores(tables(STORES_TABLE));
}

export class StoreState {
  readonly name: string;
  readonly type: StoreType;
  readonly read: StateReader;
  readonly #tables: Tables;

  constructor(options: { readonly name: string; readonly type: StoreType; readonly tables: Tables }) {
    const { name, type, tables } = options;
    this.name = name;
    this.type = type;
    this.#tables = tables;
    const { number } = this.row;
    const readers = new Map(
      type.tables.map((table) => [
        table,
        new ScopedReader(() => tables(ROWS_TABLE), rowPrefix(number, table)),
      ]),
    );
    this.read = {
      table: (table) => {
        const reader = readers.get(table);
        if (reader === undefined)
          throw new LatticeError("internal", `${type.type} has not declared a table ${table}`);
        return reader;
      },
    };
  }

  /** As it is now. */
  get row(): StoreRow {
    return readStore(this.#tables(STORES_TABLE), this.name)!;
  }

  op(id: IntentionId): Op<unknown> | undefined {
    const { number } = this.row;
    const place = this.#tables(OP_IDS_TABLE).get(opIdKey(number, id));
    if (place === undefined) return undefined;
    const seq = Number(Buffer.from(place).readBigUInt64BE());
    const bytes = this.#tables(OPS_TABLE).get(opKey(number, seq));
    return bytes && readOp(this.type, { ...decodeOpRow(bytes), seq });
  }

  /** Those that are kept, from a place on; the latest first where it is `reverse`. */
  *placedOps(options: { readonly from?: number; readonly reverse?: boolean } = {}): Generator<PlacedOp> {
    const { number, firstSeq, seq: last } = this.row;
    const { from, reverse = false } = options;
    const gte = opKey(number, reverse ? firstSeq : Math.max(firstSeq, from ?? firstSeq));
    const lte = opKey(number, reverse ? Math.min(last, from ?? last) : last);
    for (const [key, row] of this.#tables(OPS_TABLE).range({ gte, lte, reverse })) {
      yield { ...decodeOpRow(row), seq: seqOfOpKey(key) };
    }
  }

  /** Over all rows: the same on every member that has applied as much. */
  digest(): { readonly digest: Hash; readonly tables: readonly TableDigest[] } {
    const tables = this.type.tables.toSorted().map((table): TableDigest => {
      const rows = [...this.read.table(table).range()];
      const parts = rows.flatMap(([key, value]) => [lengthOf(key), key, lengthOf(value), value]);
      return { table, rowCount: rows.length, sum: sha256Parts(...parts) };
    });
    const digest = sha256Parts(...tables.flatMap(({ table, sum }) => [utf8(`${table}\0`), sum]));
    return { digest, tables };
  }
}

export interface TableDigest {
  readonly table: string;
  readonly rowCount: number;
  readonly sum: Hash;
}

function lengthOf(bytes: Uint8Array): Uint8Array {
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, bytes.length);
  return length;
}
