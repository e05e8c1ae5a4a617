import type { IntentionId, SetSum } from "@lattice/model";
import type { Bound } from "./bound.ts";

/**
 * The set to reconcile, as an ordered index of ids. A fingerprint tree answers `sum` and `nth` in O(log n); a plain
 * index scans from `from`. The ranges of one message ascend and do not overlap, and each is asked about a fixed
 * number of times, so a scanning source reads each id at most four times a message, and two ids more for each bucket
 * that is sent, whatever the message says.
 *
 * Must not change within a call, and may between calls: what comes or goes in the meantime may or may
 * not be found. Holds no hash twice, and no id with the timestamp 2^64-1, which the protocol keeps for infinity (no
 * such intention is ever witnessed: it is over 5 minutes ahead).
 */
export interface ItemSource {
  /** Count and sum of the hashes of the ids in [from, to). */
  sum(from: Bound, to: Bound): SetSum;
  /** The id with `index` others before it in [from, to); undefined where there are not that many. */
  nth(from: Bound, to: Bound, index: number): IntentionId | undefined;
  /** The ids in [from, to), ascending. Read lazily and not always to the end. */
  ids(from: Bound, to: Bound): Iterable<IntentionId>;
}
