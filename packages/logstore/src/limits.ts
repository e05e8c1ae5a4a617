/** Bounds of core:logstore. In bytes unless the name says otherwise. */

export const CONTENT_BYTES_MAX = 512 << 10;

/** Entries of a page where the caller asks for no number, and the most there are. */
export const PAGE_COUNT_DEFAULT = 1000;
export const PAGE_COUNT_MAX = 10_000;
/** A page ends behind the entry that reaches this, so a reply stays below the 4 MiB that gRPC clients take. */
export const PAGE_BYTES_MAX = 3 << 20;
/** What `tail` may ask for: the place to start at is found by walking back. */
export const TAIL_COUNT_MAX = 100_000;

/** A follower that resumes, or lagged, is told what it missed up to these; beyond them, of a gap. */
export const MISSED_COUNT_MAX = 65_536;
export const MISSED_BYTES_MAX = 16 << 20;
/** Entries told from the state that are remembered, so as not to tell them again. */
export const TOLD_COUNT_MAX = 65_536;
