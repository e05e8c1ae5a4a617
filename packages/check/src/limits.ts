/** Bounds of this package. */

/**
 * Configurations that one search may remember unless told otherwise. An entry takes 8 bytes and the table is at most two
 * thirds full: 2^23 of them take 128 MiB, and 192 MiB for the moment in which the table grows.
 */
export const CONFIGURATIONS_MAX = 2 ** 23;

/** Steps between two looks at the clock, which costs more than a step. */
export const STEPS_PER_CLOCK_READING = 1024;

/** Endings of one search that are kept to explain it: each has another state. */
export const ENDINGS_MAX = 8;

/** Of a long history a person looks at the end, where it goes wrong: so many steps, and so many operations beside them. */
export const SHOWN_STEPS_MAX = 150;
export const SHOWN_BESIDE_MAX = 50;

/** Characters shown of an operation, a state or a key. */
export const SHOWN_TEXT_LENGTH_MAX = 160;
