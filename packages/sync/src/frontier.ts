/** What one frontier owes the other (weaver.md §6, move 1). Pure. */
import { bytesKey, type PubKey } from "@lattice/model";
import type { Tip, WitnessLog } from "@lattice/kernel";

export interface Owed {
  readonly author: PubKey;
  readonly fromSeq: number;
}

/**
 * Where my chain of an author holds the peer's tip, I owe what follows it. Where the peer has nothing of an author, I owe
 * the chain. Where it has a tip that I do not know, it is ahead of me or the author forked: the first needs nothing of
 * me, the second is for the reconciliation to find.
 */
export function owedTo(theirs: readonly Tip[], log: WitnessLog): Owed[] {
  const theirsByAuthor = Map.groupBy(theirs, ({ author }) => bytesKey(author));
  const mineByAuthor = Map.groupBy(log.tips(), ({ author }) => bytesKey(author));
  const owed: Owed[] = [];
  for (const [key, mine] of mineByAuthor) {
    const { author } = mine[0]!;
    const their = theirsByAuthor.get(key);
    // The genesis, of seq 0, is what both started from.
    if (their === undefined) owed.push({ author, fromSeq: 1 });
    else if (!isSame(mine, their) && their.every(({ id }) => log.has(id))) {
      // Not spread into the arguments of a call: a peer may repeat a tip as often as it likes.
      owed.push({ author, fromSeq: their.reduce((least, { seq }) => Math.min(least, seq), Infinity) + 1 });
    }
  }
  return owed;
}

/** In time with their number: an author who forks has as many tips as it likes. */
function isSame(mine: readonly Tip[], theirs: readonly Tip[]): boolean {
  if (mine.length !== theirs.length) return false;
  const ids = new Set(theirs.map(({ id }) => bytesKey(id)));
  return mine.every(({ id }) => ids.has(bytesKey(id)));
}
