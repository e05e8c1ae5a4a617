/** Bounds of the port and the tuning of its implementations. In bytes unless the name says otherwise. */

/** A store's keys are up to 4 KiB; this leaves room for what a table puts before them. */
export const KEY_BYTES_MAX = 4_200;
/** An intention's body (1 MiB of operations, model's `OPS_BYTES_MAX`) with room for what is kept beside it. */
export const VALUE_BYTES_MAX = 2 << 20;
