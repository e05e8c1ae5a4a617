/** What liars write begins with one of these, so that it is known again where it should not be. */

/** By whom it is written may not write. */
export const UNAUTHORISED = "EVIL";
/** Nobody may see it, whoever wrote it: the op counts for nothing. */
export const POISON = "POISON";
/** Validly signed by a member: it may spread. */
export const ALLOWED = "liar";
