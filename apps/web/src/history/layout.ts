/**
 * The DAG of a history as a drawing: a lane for each author, and a column for each step of cause and effect, so that what stands in
 * one column was written apart. Pure.
 *
 * Invariants
 *  1. A child stands right of all its parents that are there.
 *  2. Nothing depends on the order in which pages came, only on what is there: the same set gives the same drawing.
 */
import type { daemon } from "@lattice/proto";
import { toHex } from "../text/hex.ts";

export interface Lane {
  /** Public key in hex. */
  readonly author: string;
  readonly key: Uint8Array;
  readonly name: string;
}

export interface HistoryLayout {
  /** In the order in which this node witnessed them, the oldest first. */
  readonly intentions: readonly daemon.IntentionInfo[];
  readonly indexById: ReadonlyMap<string, number>;
  readonly lanes: readonly Lane[];
  readonly columnCount: number;
  readonly column: Int32Array;
  readonly lane: Int32Array;
  /** How many of the same author stand in the same column already: more than 0 only where the author has forked. */
  readonly stack: Uint8Array;
  /** Indexes of the intentions, by column. */
  readonly byColumn: Int32Array;
  /** Where each column begins in `byColumn`; one more than there are columns. */
  readonly columnStart: Int32Array;
  /** From `edgeChild[n]` to `edgeParent[n]`. */
  readonly edgeChild: Int32Array;
  readonly edgeParent: Int32Array;
  /** 1 where a parent is not there: it is older than what was read. */
  readonly isCut: Uint8Array;
}

export function layoutHistory(intentions: readonly daemon.IntentionInfo[]): HistoryLayout {
  const count = intentions.length;
  const indexById = new Map(intentions.map((intention, at) => [toHex(intention.id), at]));
  const lanes = new LaneTable();
  const column = new Int32Array(count);
  const lane = new Int32Array(count);
  const isCut = new Uint8Array(count);
  const edges: number[] = [];
  let columnCount = 0;
  intentions.forEach((intention, at) => {
    lane[at] = lanes.laneOf(intention);
    let own = 0;
    for (const parent of parentsOf(intention)) {
      const index = indexById.get(parent);
      // A log holds parents before their children.
      if (index === undefined || index >= at) isCut[at] = 1;
      else {
        edges.push(at, index);
        own = Math.max(own, column[index]! + 1);
      }
    }
    column[at] = own;
    columnCount = Math.max(columnCount, own + 1);
  });
  const { byColumn, columnStart } = sortByColumn(column, columnCount);
  return {
    intentions,
    indexById,
    lanes: lanes.all,
    columnCount,
    column,
    lane,
    stack: stackOf(byColumn, column, lane),
    byColumn,
    columnStart,
    edgeChild: Int32Array.from({ length: edges.length / 2 }, (_, at) => edges[at * 2]!),
    edgeParent: Int32Array.from({ length: edges.length / 2 }, (_, at) => edges[at * 2 + 1]!),
    isCut,
  };
}

/** Ids in hex; none of the first intention. */
export function parentsOf({ storePrev, condition }: daemon.IntentionInfo): readonly string[] {
  const all = [storePrev, ...condition].filter(isId).map(toHex);
  return [...new Set(all)];
}

/** An author's first intention has an empty one, or zeros, in place of the one before. */
function isId(id: Uint8Array): boolean {
  return id.some((byte) => byte !== 0);
}

class LaneTable {
  readonly #laneByAuthor = new Map<string, number>();
  readonly all: Lane[] = [];

  laneOf({ author, authorName }: daemon.IntentionInfo): number {
    const hex = toHex(author);
    let lane = this.#laneByAuthor.get(hex);
    if (lane === undefined) {
      lane = this.all.push({ author: hex, key: author, name: authorName }) - 1;
      this.#laneByAuthor.set(hex, lane);
    }
    return lane;
  }
}

function sortByColumn(
  column: Int32Array,
  columnCount: number,
): { readonly byColumn: Int32Array; readonly columnStart: Int32Array } {
  const columnStart = new Int32Array(columnCount + 1);
  for (const at of column) columnStart[at + 1]!++;
  for (let at = 0; at < columnCount; at++) columnStart[at + 1]! += columnStart[at]!;
  const next = columnStart.slice();
  const byColumn = new Int32Array(column.length);
  column.forEach((at, index) => (byColumn[next[at]!++] = index));
  return { byColumn, columnStart };
}

function stackOf(byColumn: Int32Array, column: Int32Array, lane: Int32Array): Uint8Array {
  const stack = new Uint8Array(column.length);
  const seen = new Map<number, number>();
  let current = -1;
  for (const index of byColumn) {
    if (column[index] !== current) seen.clear();
    current = column[index]!;
    const before = seen.get(lane[index]!) ?? 0;
    stack[index] = before;
    seen.set(lane[index]!, before + 1);
  }
  return stack;
}
