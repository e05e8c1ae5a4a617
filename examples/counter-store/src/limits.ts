/** Of a counter's name, in UTF-8. A key of the state's tables may have more; a line on a screen should not. */
export const NAME_BYTES_MAX = 256;

/** What `list` gives at once: with names of full length, well below what one reply may hold. */
export const PAGE_COUNT = 1000;
