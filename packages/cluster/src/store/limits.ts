/** Bounds of stores of a type of their own. Those of the replicated state are the same on all members. */

import { KEY_BYTES_MAX } from "@lattice/storage";

/** Of a store's name. */
export const STORE_NAME_BYTES_MAX = 64;
export const STORE_COUNT_MAX = 1_000;
/** Of the name of a table. */
export const TABLE_NAME_BYTES_MAX = 64;
/** Of a row's key, with room for what stands before it in the table of all stores: number, table, 00. */
export const ROW_KEY_BYTES_MAX = KEY_BYTES_MAX - 4 - TABLE_NAME_BYTES_MAX - 1;
/** Ops of a store that are kept as they came, so that streams can go on and histories be read; older ones go. */
export const OPS_KEPT_MAX = 10_000;
/** Of a payload: what an intention on the mesh may hold. */
export const PAYLOAD_BYTES_MAX = 1 << 20;
/** Changes that wait for a slow consumer before they are replaced by a gap. */
export const CHANGES_PENDING_MAX = 1_024;
/** How often a command is run anew because another came first: only where leaders change. */
export const RUNS_MAX = 20;
/** Ops of one store that may be on their way. */
export const PENDING_OPS_MAX = 4_096;
