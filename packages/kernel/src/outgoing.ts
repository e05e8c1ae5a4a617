/**
 * How intentions leave a node: in causal order, in batches of which each proves itself (weaver.md §6, "Tip-signed
 * batches"). Core.
 *
 * Invariants
 *  1. A batch consists of whole groups: an intention without a signature is followed at once by those that vouch for it, up
 *     to the signed one. They cite nothing but each other, so that is in causal order wherever they stand in the log.
 *  2. So a batch is within its limits, or one group; and a group is bounded where it is written and where it is received.
 */
import { BATCH_BYTES_MAX, BATCH_COUNT_MAX, equalBytes, vouchesForPrev } from "@lattice/model";
import type { Offered } from "./ingest.ts";
import type { WitnessLog, Witnessed } from "./log.ts";

export interface Batch {
  readonly items: readonly Offered[];
  /** Up to here, all that was given in the order of the log is in this batch or in one before it. */
  readonly lastWseq: number;
}

/** Cuts records, given in the order of the log, into batches. */
export function* toBatches(log: WitnessLog, records: Iterable<Witnessed>): Iterable<Batch> {
  let items: Offered[] = [];
  let bytes = 0;
  let lastWseq = 0;
  for (const { group, fromWseq, toWseq } of wholeGroups(log, records)) {
    const groupBytes = group.reduce((sum, { intention }) => sum + intention.body.length, 0);
    const isFull = items.length + group.length > BATCH_COUNT_MAX || bytes + groupBytes > BATCH_BYTES_MAX;
    if (isFull && items.length > 0) {
      yield { items, lastWseq: Math.max(lastWseq, fromWseq - 1) };
      items = [];
      bytes = 0;
    }
    for (const { intention, signature } of group) items.push({ body: intention.body, signature });
    bytes += groupBytes;
    lastWseq = toWseq;
  }
  if (items.length > 0) yield { items, lastWseq };
}

interface Group {
  readonly group: readonly Witnessed[];
  /** Of what it took from the records, in a row. */
  readonly fromWseq: number;
  readonly toWseq: number;
}

function* wholeGroups(log: WitnessLog, records: Iterable<Witnessed>): Iterable<Group> {
  /** Places that went along with a group before their turn. */
  const gone = new Set<number>();
  let group: Witnessed[] = [];
  for (const record of records) {
    if (gone.delete(record.wseq)) continue;
    // In the log of who wrote them the members of a group stand side by side: nothing has to be looked up.
    if (group.length > 0 && !vouches(record, group.at(-1)!)) {
      yield complete(log, group, gone);
      group = [];
      if (gone.delete(record.wseq)) continue;
    }
    group.push(record);
    if (record.signature === undefined) continue;
    yield { group, fromWseq: group[0]!.wseq, toWseq: record.wseq };
    group = [];
  }
  if (group.length > 0) yield complete(log, group, gone);
}

/** With what vouches for its last one, wherever that stands. */
function complete(log: WitnessLog, group: readonly Witnessed[], gone: Set<number>): Group {
  const last = group.at(-1)!;
  const vouchers = log.vouchersOf(last);
  for (const { wseq } of vouchers) gone.add(wseq);
  return { group: [...group, ...vouchers], fromWseq: group[0]!.wseq, toWseq: last.wseq };
}

function vouches({ intention }: Witnessed, { intention: below }: Witnessed): boolean {
  return vouchesForPrev(intention) && equalBytes(intention.storePrev, below.id);
}
