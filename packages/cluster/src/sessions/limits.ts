/** Bounds of sessions: what it costs to remember answers. Part of the replicated state's rules, the same on all members. */

/** 128 bits, as 32 hex digits in a call's metadata. */
export const SESSION_ID_BYTES = 16;
/** Past it the one that was used longest ago is forgotten. */
export const SESSIONS_MAX = 16_384;
/** Of all rows together; past it, the same. */
export const SESSION_BYTES_MAX = 32 << 20;
/** Of one answer. A larger one is not kept: a request that comes again is told that it was done, and no more. */
export const ANSWER_BYTES_MAX = 64 << 10;
