/**
 * Removes what a compaction has made superfluous, bit by bit.
 *
 * Every change up to the compacted revision C has superseded the one before it of its key; so whoever walks along the changes since
 * the compaction before finds all that can go: what each one superseded, and each delete. No read at C or later needs those. Of C
 * itself all changes are kept until the next compaction, since watches may begin there.
 */
import type { Table } from "@lattice/storage";
import type { Change } from "./history-block.ts";
import { changesFrom, type HistoryWriter } from "./history.ts";
import { decodeKeyRow } from "./key-row.ts";
import { keyOf } from "./key-value.ts";
import type { Place } from "./place.ts";
import type { State } from "./state.ts";

export interface Sweeping {
  /** Settled. */
  readonly history: HistoryWriter;
  readonly keys: Table;
  /** Looks at no more changes than these. */
  readonly changesMax: number;
}

type SweepState = Pick<State, "compactRevision" | "isSweeping" | "sweepMain" | "sweepSub">;

/** Gives the state, with how far it has got. */
export function sweep<T extends SweepState>(state: T, { history, keys, changesMax }: Sweeping): T {
  const doomed: Place[] = [];
  let left = changesMax;
  let next: Change | undefined;
  for (const change of changesFrom(history, { main: state.sweepMain, sub: state.sweepSub })) {
    if (change.main > state.compactRevision) break;
    if (left-- === 0) {
      next = change;
      break;
    }
    if (change.previous !== undefined && change.previous.main < state.compactRevision)
      doomed.push(change.previous);
    if (change.isDelete && change.main < state.compactRevision) {
      const { main, sub, block } = change;
      doomed.push({ main, sub, blockMain: block.main, blockSub: block.sub });
      forgetKey(keys, change);
    }
  }
  history.remove(doomed);
  if (next === undefined)
    return { ...state, isSweeping: false, sweepMain: state.compactRevision, sweepSub: 0 };
  return { ...state, sweepMain: next.main, sweepSub: next.sub };
}

/** Unless the key was put again. */
function forgetKey(keys: Table, { main, sub, keyValue }: Change): void {
  const key = keyOf(keyValue);
  const row = keys.get(key);
  if (row === undefined) return;
  const { last } = decodeKeyRow(row);
  if (last.main === main && last.sub === sub) keys.delete(key);
}
