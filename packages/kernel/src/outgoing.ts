/**
 * How intentions leave a node: in causal order, in batches of which each proves itself (weaver.md §6, "Tip-signed
 * batches"). Core.
 *
 * Invariant: at the end of a batch every intention in it without a signature has a signed descendant in it, along its
 * author's chain. The log keeps such groups together, so a batch grows past its limit by at most one group.
 */
import { BATCH_BYTES_MAX, BATCH_COUNT_MAX, bytesKey, type IntentionId, type PubKey } from "@lattice/model";
import type { Offered } from "./ingest.ts";
import type { WitnessLog, Witnessed } from "./log.ts";

export interface Batch {
  readonly items: readonly Offered[];
  /** Place in the log of the last one. */
  readonly lastWseq: number;
}

/** Cuts records, given in the order of the log, into batches. */
export function* toBatches(records: Iterable<Witnessed>): Iterable<Batch> {
  let items: Offered[] = [];
  let bytes = 0;
  let lastWseq = 0;
  const unproven = new Set<string>();
  for (const { intention, signature, wseq } of records) {
    const isFull = items.length >= BATCH_COUNT_MAX || bytes + intention.body.length > BATCH_BYTES_MAX;
    if (isFull && items.length > 0 && unproven.size === 0) {
      yield { items, lastWseq };
      items = [];
      bytes = 0;
    }
    items.push({ body: intention.body, signature });
    bytes += intention.body.length;
    lastWseq = wseq;
    unproven.delete(bytesKey(intention.storePrev));
    if (signature === undefined) unproven.add(bytesKey(intention.id));
  }
  if (items.length > 0) yield { items, lastWseq };
}

/** What each author's chain holds from a seq on, up to a place in the log, merged in the order of the log. */
export function* chainsFrom(
  log: WitnessLog,
  starts: readonly { author: PubKey; fromSeq: number }[],
  untilWseq: number,
): Iterable<Witnessed> {
  const cursors = starts.flatMap(({ author, fromSeq }) => {
    const iterator = log.chain(author, fromSeq)[Symbol.iterator]();
    const first = iterator.next();
    return first.done === true ? [] : [{ iterator, wseq: first.value.wseq }];
  });
  while (cursors.length > 0) {
    let least = cursors[0]!;
    for (const cursor of cursors) if (cursor.wseq < least.wseq) least = cursor;
    if (least.wseq <= untilWseq) yield log.at(least.wseq);
    const next = least.iterator.next();
    if (next.done === true) cursors.splice(cursors.indexOf(least), 1);
    else least.wseq = next.value.wseq;
  }
}

/** Those of `ids` that are held up to a place in the log, with whatever vouches for them. */
export function withVouchers(log: WitnessLog, ids: readonly IntentionId[], untilWseq: number): Witnessed[] {
  const found = new Map<number, Witnessed>();
  for (const id of ids) {
    const witnessed = log.get(id);
    if (witnessed === undefined || witnessed.wseq > untilWseq) continue;
    // Whatever was found has its vouchers there as well.
    for (const record of [witnessed, ...log.vouchersOf(witnessed, (wseq) => found.has(wseq))])
      found.set(record.wseq, record);
  }
  return [...found.values()].toSorted((a, b) => a.wseq - b.wseq);
}
