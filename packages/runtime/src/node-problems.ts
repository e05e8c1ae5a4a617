/** What keeps a node from being used as it should, for everybody on the machine: it counts, and names nothing. */
import type { Node } from "@lattice/node";

export function nodeProblems(node: Node): string[] {
  const { stores } = node.figures();
  const open = stores.flatMap((store) => store.open ?? []);
  return [
    counted(stores.length - open.length, "not open"),
    counted(open.filter(({ isDiskFull }) => isDiskFull).length, "without room on the disk"),
    counted(
      open.filter(({ isProjectionPaused }) => isProjectionPaused).length,
      "waiting for a newer program",
    ),
  ].filter((line) => line !== "");
}

function counted(count: number, what: string): string {
  return count === 0
    ? ""
    : `${count} ${count === 1 ? "store is" : "stores are"} ${what}: "lattice node status" says more`;
}
