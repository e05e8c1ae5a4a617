/**
 * A history as a drawing: one line for each node, a column for each line of descent that is open there. Children stand
 * above their parents.
 */

export interface GraphNode {
  readonly id: string;
  readonly parents: readonly string[];
}

/**
 * A prefix for each node, in order, and the lines to be drawn below it. A parent that is not among the nodes keeps its
 * column to the end, which shows that the history goes on.
 */
export function drawGraph(nodes: readonly GraphNode[]): { readonly mark: string; readonly below: readonly string[] }[] {
  const lanes: (string | undefined)[] = [];
  return nodes.map((node) => {
    const own = laneOf(lanes, node.id);
    const mark = lanes.map((_, lane) => (lane === own ? "*" : lanes[lane] === undefined ? " " : "|")).join(" ");
    const [first, ...others] = node.parents.filter((parent, index, all) => all.indexOf(parent) === index);
    const joins = first !== undefined && lanes.includes(first) ? lanes.indexOf(first) : undefined;
    lanes[own] = joins === undefined ? first : undefined;
    const opened = others.map((parent) => laneOf(lanes, parent));
    const targets = joins === undefined ? opened : [joins, ...opened];
    const below = targets.filter((lane) => lane !== own).map((lane) => drawEdge(lanes, own, lane, joins === undefined));
    while (lanes.length > 0 && lanes.at(-1) === undefined) lanes.pop();
    return { mark: mark.trimEnd(), below };
  });
}

/** The lane that waits for this node, or a free one. */
function laneOf(lanes: (string | undefined)[], id: string): number {
  const waiting = lanes.indexOf(id);
  const free = waiting >= 0 ? waiting : lanes.indexOf(undefined);
  const lane = free >= 0 ? free : lanes.length;
  lanes[lane] = id;
  return lane;
}

function drawEdge(lanes: readonly (string | undefined)[], from: number, to: number, fromStays: boolean): string {
  const [low, high] = from < to ? [from, to] : [to, from];
  const width = Math.max(lanes.length, high + 1);
  const cells: string[] = [];
  for (let lane = 0; lane < width; lane++) {
    const open = lanes[lane] !== undefined;
    if (lane === low) cells.push(lane === from && !fromStays ? "\\" : "|");
    else if (lane === high) cells.push(from < to ? "\\" : "/");
    else cells.push(open ? "|" : " ");
    const inside = lane >= low && lane < high;
    cells.push(inside ? (lane === high - 1 ? (from < to ? "\\" : "/") : "-") : " ");
  }
  return tidyEdge(cells, { low, high, rightward: from < to });
}

/** The arm reaches the high lane by its slash; the cell there would draw it twice. */
function tidyEdge(cells: string[], edge: { low: number; high: number; rightward: boolean }): string {
  const at = edge.high * 2;
  cells[at] = edge.rightward ? " " : "";
  if (!edge.rightward) cells[at] = " ";
  return cells.join("").trimEnd();
}
