/**
 * Where stores of a type of their own lie in the replicated state.
 *
 *   stores         name                                 → id, type, number, schema, seq, first kept seq, time of the last op
 *   store-ops      number u32 ‖ seq u64                 → an op as it was applied
 *   store-op-ids   number u32 ‖ id of the op            → seq u64
 *   store-rows     number u32 ‖ table ‖ 00 ‖ key        → value: the tables that the type has declared
 */
import {
  assert,
  concatBytes,
  LatticeError,
  readSeqBe,
  u64be,
  utf8,
  type Hash,
  type Hlc,
  type IntentionId,
  type PubKey,
} from "@lattice/model";
import { PackReader, PackWriter } from "@lattice/raft";
import { VALUE_BYTES_MAX, type TableReader } from "@lattice/storage";
import { ROW_KEY_BYTES_MAX, TABLE_NAME_BYTES_MAX } from "./limits.ts";

export const STORES_TABLE = "stores";
export const OPS_TABLE = "store-ops";
export const OP_IDS_TABLE = "store-op-ids";
export const ROWS_TABLE = "store-rows";
/** What a storage that holds stores is to be opened with. */
export const STORE_TABLES: readonly string[] = [STORES_TABLE, OPS_TABLE, OP_IDS_TABLE, ROWS_TABLE];

export interface StoreRow {
  readonly name: string;
  /** 16 bytes. */
  readonly id: Uint8Array;
  readonly type: string;
  readonly number: number;
  /** Of the ops that are written. */
  readonly schema: number;
  /** Ops that were applied. */
  readonly seq: number;
  /** The oldest op that is kept; one more than `seq` where none is. */
  readonly firstSeq: number;
  readonly timestamp: Hlc;
}

/** An op as it was applied. */
export interface OpRow {
  readonly id: IntentionId;
  readonly hash: Hash;
  readonly author: PubKey;
  readonly timestamp: Hlc;
  readonly schema: number;
  readonly payload: Uint8Array;
}

const writer = new PackWriter();

export function encodeStoreRow(row: StoreRow): Uint8Array {
  writer.clear();
  writer.bin(row.id);
  writer.bin(utf8(row.type));
  for (const each of [row.number, row.schema, row.seq, row.firstSeq]) writer.uint(each);
  writer.bin(u64be(row.timestamp));
  return writer.written;
}

function decodeStoreRow(key: Uint8Array, bytes: Uint8Array): StoreRow {
  const reader = new PackReader(bytes);
  return {
    name: text(key),
    id: reader.bin(),
    type: text(reader.bin()),
    number: reader.uint(),
    schema: reader.uint(),
    seq: reader.uint(),
    firstSeq: reader.uint(),
    timestamp: timestampOf(reader.bin()),
  };
}

export function encodeOpRow(row: OpRow): Uint8Array {
  writer.clear();
  for (const each of [row.id, row.hash, row.author, u64be(row.timestamp)]) writer.bin(each);
  writer.uint(row.schema);
  writer.bin(row.payload);
  return writer.written;
}

export function decodeOpRow(bytes: Uint8Array): OpRow {
  const reader = new PackReader(bytes);
  return {
    id: reader.bin() as IntentionId,
    hash: reader.bin() as Hash,
    author: reader.bin() as PubKey,
    timestamp: timestampOf(reader.bin()),
    schema: reader.uint(),
    payload: reader.bin(),
  };
}

function timestampOf(bytes: Uint8Array): Hlc {
  return Buffer.from(bytes).readBigUInt64BE() as Hlc;
}

export function readStores(stores: TableReader): StoreRow[] {
  return Array.from(stores.range(), ([key, row]) => decodeStoreRow(key, row));
}

export function readStore(stores: TableReader, name: string): StoreRow | undefined {
  const key = utf8(name);
  const row = stores.get(key);
  return row && decodeStoreRow(key, row);
}

export function opKey(number: number, seq: number): Uint8Array {
  return concatBytes(u32be(number), u64be(seq));
}

export function opIdKey(number: number, id: Uint8Array): Uint8Array {
  return concatBytes(u32be(number), id);
}

/** What the keys of a table of the store begin with. */
export function rowPrefix(number: number, table: string): Uint8Array {
  return concatBytes(u32be(number), utf8(table), Uint8Array.of(0));
}

export function seqOfOpKey(key: Uint8Array): number {
  return readSeqBe(key, 4);
}

function u32be(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("utf8");
}

/** A table of a type may be called anything that does not end another's prefix. */
export function assertTableNames(type: string, tables: readonly string[]): void {
  for (const name of tables) {
    assert(name.length > 0 && !name.includes("\0"), `${type} has a table without a name`);
    if (utf8(name).length <= TABLE_NAME_BYTES_MAX) continue;
    throw new LatticeError(
      "invalid-argument",
      `${type} has a table whose name is over ${TABLE_NAME_BYTES_MAX} bytes: "${name}"`,
    );
  }
}

/** Throws as a storage does, for rows that none takes: an op that writes one is refused. */
export function checkStateRow(key: Uint8Array, value: Uint8Array): void {
  if (key.length === 0) throw new LatticeError("invalid-argument", "a row has an empty key");
  if (key.length > ROW_KEY_BYTES_MAX) {
    throw new LatticeError("too-large", `a key has ${key.length} bytes, more than ${ROW_KEY_BYTES_MAX}`);
  }
  if (value.length > VALUE_BYTES_MAX) {
    throw new LatticeError("too-large", `a value has ${value.length} bytes, more than ${VALUE_BYTES_MAX}`);
  }
}
