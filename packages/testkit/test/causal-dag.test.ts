import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  AUTHORS,
  causalDag,
  causalOrder,
  causalOrderBy,
  causalOrders,
  deliveryOrders,
  seededRandom,
  withoutAuthor,
  type DagNode,
} from "@lattice/testkit";

const dag = (options: object = {}) => causalDag({ values: fc.nat(9), ...options });

function isCausal(order: readonly DagNode[], all: readonly DagNode[]): boolean {
  const seen = new Set(all.filter((node) => !order.includes(node)).map((node) => node.index));
  return order.every((node) => {
    const isReady = [...node.past].every((index) => seen.has(index));
    seen.add(node.index);
    return isReady;
  });
}

describe("causalDag", () => {
  it("gives nodes that stand behind all they know of, in place and in time", () => {
    fc.assert(
      fc.property(dag(), (nodes) => {
        nodes.forEach((node, place) => {
          expect(node.index).toBe(place);
          for (const index of node.past) {
            expect(index).toBeLessThan(place);
            expect(nodes[index]!.timeMs).toBeLessThan(node.timeMs);
            for (const older of nodes[index]!.past) expect(node.past.has(older)).toBe(true);
          }
          const reachable = node.parents.flatMap((index) => [index, ...nodes[index]!.past]);
          expect(new Set(reachable)).toEqual(node.past);
        });
      }),
    );
  });

  it("has each author know what it wrote itself, unless it forks", () => {
    fc.assert(
      fc.property(dag({ forks: false }), (nodes) => {
        for (const author of AUTHORS) {
          const own = nodes.filter((node) => node.author === author);
          expect(own.map((node) => node.seq)).toEqual(own.map((_, index) => index + 1));
          own.slice(1).forEach((node, index) => expect(node.past.has(own[index]!.index)).toBe(true));
        }
      }),
    );
  });

  it("has forks, times that are shared, and concurrent nodes", () => {
    const samples = fc.sample(dag(), { numRuns: 200, seed: 1 });
    const names = (nodes: readonly DagNode[]) => nodes.map(({ author, seq }) => `${author} ${seq}`);
    expect(samples.some((nodes) => new Set(names(nodes)).size < nodes.length)).toBe(true);
    expect(samples.some((nodes) => new Set(nodes.map((node) => node.timeMs)).size < nodes.length)).toBe(true);
    expect(samples.some((nodes) => [...causalOrders(nodes.slice(0, 4))].length > 1)).toBe(true);
  });

  it("keeps to the authors, the counts and the pulls that it is told", () => {
    const options = { authors: ["ada", "max"], countMin: 3, countMax: 5, pullsMax: 0 };
    fc.assert(
      fc.property(dag(options), (nodes) => {
        expect(nodes.length).toBeGreaterThanOrEqual(3);
        expect(nodes.length).toBeLessThanOrEqual(5);
        for (const node of nodes) {
          expect(options.authors).toContain(node.author);
          for (const index of node.past) expect(nodes[index]!.author).toBe(node.author);
        }
      }),
    );
  });
});

describe("orders of a DAG", () => {
  it("are causal and whole", () => {
    fc.assert(
      fc.property(dag(), fc.nat(), (nodes, seed) => {
        const orders = [
          causalOrder(nodes, seededRandom(seed)),
          causalOrderBy(nodes, (node) => (node.index * seed) % 7),
          ...deliveryOrders(nodes),
        ];
        for (const order of orders) {
          expect(isCausal(order, nodes)).toBe(true);
          expect(order.toSorted((a, b) => a.index - b.index)).toEqual(nodes);
        }
      }),
    );
  });

  it("are all there are, each once, of a small one", () => {
    fc.assert(
      fc.property(dag({ countMax: 5 }), (nodes) => {
        const texts = [...causalOrders(nodes)].map((order) => order.map((node) => node.index).join());
        expect(new Set(texts).size).toBe(texts.length);
        const naive = permutations(nodes).filter((order) => isCausal(order, nodes));
        expect(texts.toSorted()).toEqual(
          naive.map((order) => order.map((node) => node.index).join()).toSorted(),
        );
      }),
      { numRuns: 30 },
    );
  });
});

it("without an author beyond some place, nothing is left that depends on it", () => {
  fc.assert(
    fc.property(dag(), fc.constantFrom(...AUTHORS), fc.nat(3), (nodes, author, seq) => {
      const left = withoutAuthor(nodes, { author, seq });
      const isCut = (node: DagNode) => node.author === author && node.seq > seq;
      expect(left).toEqual(
        nodes.filter((node) => !isCut(node) && ![...node.past].some((index) => isCut(nodes[index]!))),
      );
      expect(isCausal(left, left)).toBe(true);
    }),
  );
});

function permutations<T>(items: readonly T[]): readonly T[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((item, at) => permutations(items.toSpliced(at, 1)).map((rest) => [item, ...rest]));
}
