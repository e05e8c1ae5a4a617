import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EdgeIndex } from "../src/history/edge-index.ts";
import { layoutHistory, parentsOf } from "../src/history/layout.ts";
import { neighbour } from "../src/history/neighbours.ts";
import {
  atEnd,
  clamped,
  columnX,
  fitted,
  laneY,
  revealing,
  START_VIEWPORT,
  xColumn,
  zoomed,
} from "../src/history/viewport.ts";
import { toHex } from "../src/text/hex.ts";
import { anySteps, idOf, logOf } from "./dag.ts";

describe("the layout of a history", () => {
  it("puts every child right of its parents, and as near as that allows", () => {
    fc.assert(
      fc.property(anySteps, (steps) => {
        const log = logOf(steps);
        const { column, indexById } = layoutHistory(log);
        log.forEach((intention, at) => {
          const parents = parentsOf(intention).map((parent) => column[indexById.get(parent)!]!);
          expect(column[at]).toBe(parents.length === 0 ? 0 : Math.max(...parents) + 1);
        });
      }),
    );
  });

  it("gives each author one lane, and each place to one intention", () => {
    fc.assert(
      fc.property(anySteps, (steps) => {
        const log = logOf(steps);
        const { lanes, lane, column, stack, byColumn, columnStart } = layoutHistory(log);
        log.forEach(({ author }, at) => expect(lanes[lane[at]!]!.author).toBe(toHex(author)));
        expect(new Set(log.map((_, at) => `${column[at]} ${lane[at]} ${stack[at]}`)).size).toBe(log.length);
        expect([...byColumn].sort((a, b) => a - b)).toEqual(log.map((_, at) => at));
        for (let at = 0; at + 1 < columnStart.length; at++) {
          for (const index of byColumn.subarray(columnStart[at], columnStart[at + 1]))
            expect(column[index]).toBe(at);
        }
      }),
    );
  });

  it("marks what builds on intentions that were not read", () => {
    const log = logOf([
      { author: 0, cites: [] },
      { author: 1, cites: [0] },
      { author: 0, cites: [1] },
    ]);
    expect([...layoutHistory(log).isCut]).toEqual([0, 0, 0]);
    expect([...layoutHistory(log.slice(1)).isCut]).toEqual([1, 1]);
  });

  it("stacks the branches of an author who has forked", () => {
    const log = logOf([
      { author: 0, cites: [] },
      { author: 0, cites: [] },
      { author: 0, cites: [] },
    ]);
    const forked = [log[0]!, log[1]!, { ...log[2]!, storePrev: log[0]!.id }];
    expect([...layoutHistory(forked).stack]).toEqual([0, 0, 1]);
  });
});

describe("the index of lines", () => {
  it("tells each line that crosses a stretch once, as looking at all of them does", () => {
    const stretch = fc
      .tuple(fc.nat(70), fc.nat(70))
      .map(([from, length]) => [from - 3, from + length] as const);
    fc.assert(
      fc.property(anySteps, stretch, (steps, [first, last]) => {
        const layout = layoutHistory(logOf(steps));
        const { edgeChild, edgeParent, column } = layout;
        const crossing = [...edgeChild.keys()].filter(
          (edge) => column[edgeParent[edge]!]! <= last && column[edgeChild[edge]!]! >= first,
        );
        const told: number[] = [];
        new EdgeIndex(layout).visit(first, last, (edge) => told.push(edge));
        expect(told.sort((a, b) => a - b)).toEqual(crossing);
      }),
    );
  });

  it("finds the lines that are longer than all buckets", () => {
    const chain = Array.from({ length: 2000 }, () => ({ author: 0, cites: [] }));
    const layout = layoutHistory(logOf([...chain, { author: 1, cites: [0, 1999] }]));
    const told: string[] = [];
    new EdgeIndex(layout).visit(1000, 1001, (edge) =>
      told.push(`${layout.edgeChild[edge]} ${layout.edgeParent[edge]}`),
    );
    expect(told).toContain("2000 0");
    expect(told.length).toBeLessThan(10);
  });
});

describe("moving in a drawing", () => {
  const view = { ...START_VIEWPORT, width: 800, height: 400, labelPx: 100 };
  const extent = { columnCount: 5000, laneCount: 30 };

  it("keeps what is under the pointer there while the size changes", () => {
    const at = { ...view, left: 2000 };
    for (const factor of [0.3, 1.7]) {
      const column = xColumn(at, 431);
      expect(columnX(zoomed(at, { factor, x: 431 }), column)).toBeCloseTo(431);
    }
  });

  it("shows all of it when it is fitted, and the latest at its end", () => {
    const all = fitted(view, extent);
    expect(columnX(all, 0)).toBeGreaterThanOrEqual(100);
    expect(columnX(all, extent.columnCount - 1)).toBeLessThanOrEqual(800);
    const end = atEnd(view, extent);
    expect(columnX(end, extent.columnCount - 1)).toBeGreaterThan(700);
    expect(columnX(end, extent.columnCount - 1)).toBeLessThan(800);
  });

  it("does not leave the drawing, and stays where it is when it is held to it again", () => {
    const place = fc.record({
      left: fc.double({ min: -1e6, max: 1e6, noNaN: true }),
      columnPx: fc.double({ min: 0.001, max: 500, noNaN: true }),
      top: fc.double({ min: -1e5, max: 1e5, noNaN: true }),
    });
    fc.assert(
      fc.property(place, (moved) => {
        const held = clamped({ ...view, ...moved }, extent);
        expect(xColumn(held, held.width)).toBeGreaterThan(0);
        expect(held.left).toBeLessThan(extent.columnCount);
        expect(clamped(held, extent)).toEqual(held);
      }),
    );
  });

  it("moves a place into sight", () => {
    const seen = revealing(view, { column: 4000, lane: 29 });
    expect(columnX(seen, 4000)).toBeLessThanOrEqual(800);
    expect(columnX(seen, 4000)).toBeGreaterThanOrEqual(100);
    expect(laneY(seen, 29)).toBeLessThanOrEqual(400);
    expect(revealing(seen, { column: 4000, lane: 29 })).toEqual(seen);
  });
});

describe("going from intention to intention", () => {
  const layout = layoutHistory(
    logOf([
      { author: 0, cites: [] },
      { author: 1, cites: [0] },
      { author: 0, cites: [] },
      { author: 2, cites: [1, 2] },
    ]),
  );

  it("follows an author first, and whoever is next otherwise", () => {
    expect(neighbour(layout, 0, "later")).toBe(2);
    expect(neighbour(layout, 2, "earlier")).toBe(0);
    expect(neighbour(layout, 2, "later")).toBe(3);
    expect(neighbour(layout, 3, "earlier")).toBe(1);
    expect(neighbour(layout, 0, "earlier")).toBe(0);
  });

  it("goes over to other authors", () => {
    expect(neighbour(layout, 2, "down")).toBe(1);
    expect(neighbour(layout, 1, "down")).toBe(3);
    expect(neighbour(layout, 3, "up")).toBe(1);
    expect(neighbour(layout, 3, "down")).toBe(3);
  });

  it("finds an intention by its id", () => {
    expect(layout.indexById.get(toHex(idOf(2)))).toBe(2);
  });
});
