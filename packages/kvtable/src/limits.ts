/** Bounds of a register. */

/** How many heads one write may supersede. Of more, a writer names the latest; the rest stays in conflict until the next. */
export const SUPERSEDES_COUNT_MAX = 1024;
