/** Orders in which the nodes of a DAG, or of a part of it that is causally closed, can come to somebody. */
import { assert } from "@lattice/model";
import { seededRandom, type RandomNumber } from "../fakes/seeded-random.ts";
import { EVERY_ORDER_COUNT_MAX } from "../limits.ts";
import type { DagNode } from "./causal-dag.ts";

/** A random one: everything comes after all that it knows of. */
export function causalOrder<Node extends DagNode>(
  nodes: readonly Node[],
  random: RandomNumber,
): readonly Node[] {
  return orderBy(nodes, (ready) => ready[random(ready.length)]!);
}

/** Of the nodes that may come next always the one of the least rank. */
export function causalOrderBy<Node extends DagNode>(
  nodes: readonly Node[],
  rank: (node: Node) => number,
): readonly Node[] {
  return orderBy(nodes, (ready) => ready.reduce((least, node) => (rank(node) < rank(least) ? node : least)));
}

/** Every one, lazily: of n nodes up to n! of them. */
export function* causalOrders<Node extends DagNode>(nodes: readonly Node[]): Iterable<readonly Node[]> {
  if (nodes.length === 0) {
    yield [];
    return;
  }
  for (const node of readyOf(nodes)) {
    for (const rest of causalOrders(nodes.filter((other) => other !== node))) yield [node, ...rest];
  }
}

/**
 * The orders in which a suite delivers: every one of a small DAG; of a larger one those in which a fault of order is most
 * likely to show, each author's ops as early and as late as can be, and some random ones.
 */
export function deliveryOrders<Node extends DagNode>(nodes: readonly Node[]): readonly (readonly Node[])[] {
  if (nodes.length <= EVERY_ORDER_COUNT_MAX) return [...causalOrders(nodes)];
  const authors = [...new Set(nodes.map((node) => node.author))];
  return [
    nodes,
    causalOrderBy(nodes, (node) => -node.index),
    ...authors.map((author) => causalOrderBy(nodes, (node) => (node.author === author ? 0 : 1))),
    ...authors.map((author) => causalOrderBy(nodes, (node) => (node.author === author ? 1 : 0))),
    ...[1, 2].map((seed) => causalOrder(nodes, seededRandom(seed))),
  ];
}

function orderBy<Node extends DagNode>(
  nodes: readonly Node[],
  choose: (ready: readonly Node[]) => Node,
): readonly Node[] {
  const order: Node[] = [];
  let left = nodes;
  while (left.length > 0) {
    const next = choose(readyOf(left));
    order.push(next);
    left = left.filter((node) => node !== next);
  }
  return order;
}

/** Those that know of none of the others. */
function readyOf<Node extends DagNode>(nodes: readonly Node[]): readonly Node[] {
  const left = new Set(nodes.map((node) => node.index));
  const ready = nodes.filter((node) => node.parents.every((parent) => !left.has(parent)));
  assert(ready.length > 0, "a DAG has no cycle");
  return ready;
}
