/**
 * The tables that a key space is kept in.
 *
 *   mvcc.state       (one row)                → see `state.ts`
 *   mvcc.history     main u64, sub u32        → a block of changes, see `history-block.ts`; the key is that of the first
 *                                               change that it ever had
 *   mvcc.keys        key                      → where its last change is, see `key-row.ts`; deleted ones as well, until
 *                                               that is compacted
 *   mvcc.leases      id u64                   → time to live, what was left of it, in seconds: u64 each
 *   mvcc.lease-keys  id u64 ‖ key             → (empty)
 *
 * Numbers in keys are big-endian. What is in them follows from the requests and their order alone.
 */
import type { Table, TableReader } from "@lattice/storage";

export const STATE_TABLE = "mvcc.state";
export const HISTORY_TABLE = "mvcc.history";
export const KEYS_TABLE = "mvcc.keys";
export const LEASES_TABLE = "mvcc.leases";
export const LEASE_KEYS_TABLE = "mvcc.lease-keys";

export const MVCC_TABLES: readonly string[] = [
  STATE_TABLE,
  HISTORY_TABLE,
  KEYS_TABLE,
  LEASES_TABLE,
  LEASE_KEYS_TABLE,
];

/** A storage's, a view's or a transaction's. */
export type Tables = (name: string) => TableReader;
export type WritableTables = (name: string) => Table;
