/** Requests of stores, as the log has them: within the transaction in which they are applied. Deterministic. */
import { LatticeError, utf8, type Hlc, type IntentionId } from "@lattice/model";
import type { Table } from "@lattice/storage";
import type { StoreType } from "@lattice/store";
import { applyOp } from "./apply-op.ts";
import { placeOp, type PlacedOp } from "./compose-op.ts";
import { OPS_KEPT_MAX, STORE_COUNT_MAX } from "./limits.ts";
import { ScopedTable } from "./scoped-table.ts";
import {
  encodeOpRow,
  encodeStoreRow,
  OP_IDS_TABLE,
  opIdKey,
  opKey,
  OPS_TABLE,
  readStore,
  rowPrefix,
  ROWS_TABLE,
  STORES_TABLE,
  decodeOpRow,
  type StoreRow,
} from "./store-rows.ts";
import type { CreateStore, StoreOp, StoreOutcome, StoreRequest } from "./store-request.ts";

export type StoreTypes = ReadonlyMap<string, StoreType>;

/** What an op changed, for whoever follows the store. */
export interface StoreChange {
  readonly store: string;
  readonly seq: number;
  /** Of the op. */
  readonly id: IntentionId;
  readonly events: readonly unknown[];
}

export interface StoreBatch {
  readonly table: (name: string) => Table;
  /** Those that this member knows. */
  readonly types: StoreTypes;
  /** Takes what was changed. */
  readonly changes: StoreChange[];
}

/** Throws `failed-precondition` for an op of a type that this member does not know: it must not go on without it. */
export function applyStoreRequest(batch: StoreBatch, request: StoreRequest): StoreOutcome {
  return request.kind === "create" ? create(batch, request) : apply(batch, request);
}

/** A name is given once; who gives it again finds the store that has it. */
function create({ table }: StoreBatch, { name, type, id, schema }: CreateStore): StoreOutcome {
  const stores = table(STORES_TABLE);
  const number = stores.count() + 1;
  if (readStore(stores, name) !== undefined || number > STORE_COUNT_MAX) return { kind: "created" };
  const row: StoreRow = { name, id, type, number, schema, seq: 0, firstSeq: 1, timestamp: 0n as Hlc };
  stores.put(utf8(name), encodeStoreRow(row));
  return { kind: "created" };
}

function apply(batch: StoreBatch, request: StoreOp): StoreOutcome {
  const { table, types, changes } = batch;
  const stores = table(STORES_TABLE);
  const row = readStore(stores, request.store);
  if (row === undefined) return { kind: "no-such-store" };
  if (request.seq !== row.seq + 1) return { kind: "overtaken", seq: row.seq };
  const type = types.get(row.type);
  if (type === undefined || request.schema > type.schema) throw unknownType(row, request.schema);
  const timestamp = (request.timestamp > row.timestamp ? request.timestamp : row.timestamp + 1n) as Hlc;
  const op = placeOp(row.id, { ...request, timestamp });
  const undo: (() => void)[] = [];
  const events = applyOp({
    type,
    op,
    tx: {
      table: (name) => new ScopedTable(table(ROWS_TABLE), rowPrefix(row.number, declared(type, name)), undo),
    },
    takeBack: () => {
      for (const step of undo.toReversed()) step();
    },
  });
  const firstSeq = keepOp(table, { row, op });
  stores.put(utf8(row.name), encodeStoreRow({ ...row, seq: op.seq, firstSeq, timestamp }));
  changes.push({ store: row.name, seq: op.seq, id: op.id, events });
  return { kind: "applied" };
}

/** Where the ops that are kept begin. */
function keepOp(table: StoreBatch["table"], { row, op }: { row: StoreRow; op: PlacedOp }): number {
  const [ops, ids] = [table(OPS_TABLE), table(OP_IDS_TABLE)];
  ops.put(opKey(row.number, op.seq), encodeOpRow(op));
  ids.put(opIdKey(row.number, op.id), opKey(row.number, op.seq).subarray(4));
  const firstSeq = Math.max(row.firstSeq, op.seq - OPS_KEPT_MAX + 1);
  for (let seq = row.firstSeq; seq < firstSeq; seq++) {
    const key = opKey(row.number, seq);
    ids.delete(opIdKey(row.number, decodeOpRow(ops.get(key)!).id));
    ops.delete(key);
  }
  return firstSeq;
}

function declared(type: StoreType, name: string): string {
  if (type.tables.includes(name)) return name;
  throw new LatticeError("internal", `${type.type} has not declared a table ${name}`);
}

function unknownType({ name, type }: StoreRow, schema: number): LatticeError {
  return new LatticeError(
    "failed-precondition",
    `the cluster has written to the store "${name}" of type ${type} (schema ${schema}), which this member does not know: ` +
      `start it with --types and the module that has it`,
  );
}
