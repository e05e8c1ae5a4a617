/** Bounds of the protocol (weaver.md §2, §3, §6). All in bytes unless the name says otherwise. */

export const OPS_BYTES_MAX = 1 << 20;
export const CONDITION_COUNT_MAX = 64;
/** How far ahead of the local clock an intention may be before it is held, in milliseconds. */
export const FUTURE_MS_MAX = 5 * 60 * 1000;
export const BATCH_COUNT_MAX = 4096;
export const BATCH_BYTES_MAX = 1 << 20;
export const FRAME_BYTES_MAX = 4 << 20;
