/** Bounds of one store (weaver.md §3, §5). */

/** Floating intentions of one author, and in all. Past it the newcomer is dropped; anti-entropy brings it back. */
export const FLOATING_PER_AUTHOR_MAX = 2048;
export const FLOATING_COUNT_MAX = 16384;
export const FLOATING_BYTES_MAX = 64 << 20;
/**
 * How long the claims of one peer to hold more of this node's own chain hold up its writes in all, while nothing of that
 * chain comes. Until the store is opened anew they are not believed any more then.
 */
export const OWN_CHAIN_PATIENCE_MS = 5 * 60_000;
/** Changes that wait for one slow consumer. */
export const CHANGES_PENDING_MAX = 1024;
/** Intentions that are projected in one transaction when the projection is behind. */
export const PROJECT_COUNT_MAX = 2048;
/** Records at the end of the log that are checked each time the store is opened. */
export const TAIL_CHECK_COUNT = 16;
/** What one signature of this node vouches for at the most: such a group travels as a whole (weaver.md §6). */
export const UNSIGNED_COUNT_MAX = 1024;
export const UNSIGNED_BYTES_MAX = 512 << 10;
/** What one signature may vouch for in a batch, itself included: that and one op more, with what is around the ops. */
export const GROUP_COUNT_MAX = 1024;
export const GROUP_BYTES_MAX = 2 << 20;
/**
 * Wrong signatures in one batch before all of it is refused. Each costs some 3 ms, since what the native library refuses is
 * looked at by the slower one too.
 */
export const BAD_SIGNATURES_MAX = 32;
/** Intentions between two heads that are looked at to say whether the author of one had seen the other. */
export const CAUSAL_WALK_COUNT_MAX = 20_000;
/**
 * Base-2 logarithm of what it costs to try a passphrase on an exported identity (scrypt's N): 128 MiB and about half a second.
 * More than the second, 512 MiB, is not set aside on the word of a file.
 */
export const PASSPHRASE_COST = 17;
export const PASSPHRASE_COST_MAX = 19;
