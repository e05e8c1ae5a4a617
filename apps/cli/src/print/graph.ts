/**
 * A history as a drawing: a line for each node, a column (lane) for each line of descent that is open there.
 *
 *     *      a merge of two lines
 *     ├─╮
 *     * │
 *     │ *
 *     ├─╯
 *     *      where they parted
 *
 * Invariants
 *  1. Children stand above their parents: the caller gives the nodes in that order.
 *  2. A lane holds the id that it waits for; a parent that is not among the nodes keeps its lane open to the end.
 */

export interface GraphNode {
  readonly id: string;
  readonly parents: readonly string[];
}

export interface GraphRow {
  /** Goes before the node's own text. */
  readonly mark: string;
  /** Lines to draw between this node and the next. */
  readonly below: readonly string[];
}

type Lanes = (string | undefined)[];

export function drawGraph(nodes: readonly GraphNode[]): GraphRow[] {
  const lanes: Lanes = [];
  return nodes.map((node) => drawNode(node, lanes));
}

function drawNode(node: GraphNode, lanes: Lanes): GraphRow {
  const { lane: own } = laneFor(node.id, lanes);
  const mark = lanes
    .map((waiting, lane) => (lane === own ? "*" : waiting === undefined ? " " : "│"))
    .join(" ");
  const [first, ...others] = new Set(node.parents);
  lanes[own] = undefined;
  const joined = first === undefined ? -1 : lanes.indexOf(first);
  const below: string[] = [];
  // Until its last edge is drawn, the node's own lane counts as open, so that no parent is put into it.
  lanes[own] = first;
  for (const parent of others) {
    if (parent === first) continue;
    const { lane, isNew } = laneFor(parent, lanes);
    below.push(drawEdge(lanes, { from: own, to: lane, isNew, closes: false }));
  }
  if (joined >= 0) {
    // Two lanes would wait for one parent: they become one, the left of them.
    const [left, right] = [Math.min(own, joined), Math.max(own, joined)];
    lanes[right] = undefined;
    below.push(drawEdge(lanes, { from: right, to: left, isNew: false, closes: true }));
  }
  while (lanes.length > 0 && lanes.at(-1) === undefined) lanes.pop();
  return { mark, below };
}

/** The lane that waits for this id already; else a free one, which from now on does. */
function laneFor(id: string, lanes: Lanes): { lane: number; isNew: boolean } {
  const waiting = lanes.indexOf(id);
  if (waiting >= 0) return { lane: waiting, isNew: false };
  const free = lanes.indexOf(undefined);
  const lane = free >= 0 ? free : lanes.length;
  lanes[lane] = id;
  return { lane, isNew: true };
}

interface Edge {
  readonly from: number;
  readonly to: number;
  /** The lane starts here. */
  readonly isNew: boolean;
  /** The lane that it comes from ends here. */
  readonly closes: boolean;
}

function drawEdge(lanes: Lanes, edge: Edge): string {
  const [low, high] = [Math.min(edge.from, edge.to), Math.max(edge.from, edge.to)];
  let line = "";
  for (let lane = 0; lane < Math.max(lanes.length, high + 1); lane++) {
    const isInside = lane > low && lane < high;
    const isOpen = lanes[lane] !== undefined;
    if (lane === edge.from) line += cornerOf(edge);
    else if (lane === edge.to) line += endOf(edge);
    else if (isInside) line += isOpen ? "┼" : "─";
    else line += isOpen ? "│" : " ";
    line += lane >= low && lane < high ? "─" : " ";
  }
  return line.trimEnd();
}

function cornerOf({ from, to, closes }: Edge): string {
  if (closes) return to < from ? "╯" : "╰";
  return to < from ? "┤" : "├";
}

function endOf({ from, to, isNew }: Edge): string {
  if (isNew) return to < from ? "╭" : "╮";
  return to < from ? "├" : "┤";
}
