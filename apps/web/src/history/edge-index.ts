/** Which lines of a drawing cross a stretch of it. */
import type { HistoryLayout } from "./layout.ts";

const BUCKET_COLUMNS = 64;
/** A line that crosses more buckets than this is looked at for every stretch: there are few of them. */
const BUCKETS_MAX = 8;

export class EdgeIndex {
  readonly #layout: HistoryLayout;
  readonly #buckets: number[][] = [];
  readonly #long: number[] = [];
  /** The last visit in which each line was told, so that one in several buckets is told once. */
  readonly #visited: Int32Array;
  #visit = 0;

  constructor(layout: HistoryLayout) {
    this.#layout = layout;
    const { edgeChild, edgeParent, column } = layout;
    this.#visited = new Int32Array(edgeChild.length);
    for (let edge = 0; edge < edgeChild.length; edge++) {
      const first = Math.floor(column[edgeParent[edge]!]! / BUCKET_COLUMNS);
      const last = Math.floor(column[edgeChild[edge]!]! / BUCKET_COLUMNS);
      if (last - first >= BUCKETS_MAX) this.#long.push(edge);
      else for (let bucket = first; bucket <= last; bucket++) (this.#buckets[bucket] ??= []).push(edge);
    }
  }

  /** Each line that has a part between the columns, both inclusive, once. */
  visit(firstColumn: number, lastColumn: number, tell: (edge: number) => void): void {
    this.#visit++;
    const first = Math.max(0, Math.floor(firstColumn / BUCKET_COLUMNS));
    const last = Math.min(this.#buckets.length - 1, Math.floor(lastColumn / BUCKET_COLUMNS));
    for (let bucket = first; bucket <= last; bucket++) {
      for (const edge of this.#buckets[bucket] ?? []) this.#tell(edge, { firstColumn, lastColumn, tell });
    }
    for (const edge of this.#long) this.#tell(edge, { firstColumn, lastColumn, tell });
  }

  #tell(
    edge: number,
    {
      firstColumn,
      lastColumn,
      tell,
    }: { firstColumn: number; lastColumn: number; tell: (edge: number) => void },
  ): void {
    if (this.#visited[edge] === this.#visit) return;
    this.#visited[edge] = this.#visit;
    const { edgeChild, edgeParent, column } = this.#layout;
    if (column[edgeParent[edge]!]! > lastColumn || column[edgeChild[edge]!]! < firstColumn) return;
    tell(edge);
  }
}
