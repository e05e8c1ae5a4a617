/** Bounds of core:kvstore. In bytes unless the name says otherwise. */
import { OPS_BYTES_MAX } from "@lattice/model";

export const KEY_BYTES_MAX = 4096;
export const VALUE_BYTES_MAX = 512 << 10;
/** All writes of one op, encoded. Leaves 1 KiB of an intention's operations for the envelope around it. */
export const BATCH_BYTES_MAX = OPS_BYTES_MAX - 1024;
/** What a write takes beside its key, its value and the ids it supersedes: tags and lengths. */
export const WRITE_OVERHEAD_BYTES = 24;
/** An id and its tag and length. */
export const SUPERSEDED_BYTES = 42;

/** Entries of a page where the caller asks for no number, and the most there are. */
export const PAGE_COUNT_DEFAULT = 1000;
export const PAGE_COUNT_MAX = 10_000;
/** A page ends behind the entry that reaches this, so a reply stays below the 4 MiB that gRPC clients take. */
export const PAGE_BYTES_MAX = 3 << 20;

/** Heads that `inspect` shows and conditions look at; also what one write can supersede. */
export { SUPERSEDES_COUNT_MAX as HEAD_COUNT_MAX } from "@lattice/kvtable";
/** Writes whose place a cursor of `history` can hold. More are pending only where someone forged what they supersede. */
export const HISTORY_PENDING_COUNT_MAX = 1024;

/** A watcher that resumes is told of up to this many keys one by one; beyond it, or beyond so many ops, it starts anew. */
export const RESUME_KEY_COUNT_MAX = 16_384;
export const RESUME_OP_COUNT_MAX = 65_536;
/** Keys of the state told at the start of a watch that are remembered, so as not to tell them again. */
export const TOLD_COUNT_MAX = 65_536;
