import { describe, expect, it } from "vitest";
import {
  checkHistory,
  explainViolation,
  kvModel,
  registerModel,
  timelineHtml,
  violationText,
  type Explanation,
  type History,
  type KvOp,
  type KvResult,
  type RegisterOp,
  type RegisterResult,
} from "@lattice/check";
import { layOut } from "../src/timeline/layout.ts";
import { read, write, type RegisterOperation } from "./build.ts";
import { newRegister } from "./objects.ts";
import { performPlans, planCrowd } from "./simulated.ts";

const staleRead = [
  write(0, "a", [0, 1]),
  write(0, "b", [2, 4]),
  write(3, "c", [3]),
  read(1, "b", [5, 6]),
  read(2, "a", [7, 8]),
  read(1, "b", [9, 10]),
];

function explain(history: History<RegisterOp, RegisterResult>): Explanation {
  const violation = checkHistory(registerModel, history).partitions.find(
    ({ verdict }) => verdict === "violation",
  );
  if (violation?.verdict !== "violation") throw new Error("there is no violation");
  return explainViolation(registerModel, history, violation);
}

describe("a violation in words", () => {
  it("tells the order, the states, and what has no place", () => {
    expect(violationText(explain(staleRead))).toBe(
      [
        "not linearizable",
        "before: nothing",
        '1. client 0: write "a"   ["a"]',
        '2. client 0: write "b"   ["b"]',
        '3. client 1: read → "b"   ["b"]',
        'no place for: client 2: read → "a"',
        'where the state is "b"',
        'where the state is "c"',
      ].join("\n"),
    );
  });

  it("leaves out what was called later", () => {
    expect(explain(staleRead).operations.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4]);
  });

  it("of a long history shows the end", () => {
    const correct = performPlans(
      planCrowd({
        seed: 1,
        clients: 4,
        operations: 3000,
        op: (random): RegisterOp =>
          random.below(2) === 0 ? { type: "read" } : { type: "write", value: `${random.below(9)}` },
      }),
      newRegister(),
    );
    const last = correct.findLastIndex(({ op }) => op.type === "read");
    const explanation = explain(correct.with(last, { ...correct[last]!, result: "x".repeat(1000) }));
    expect(explanation.operationCount).toBe(3000);
    expect(explanation.steps).toHaveLength(150);
    expect(explanation.operations.length).toBeLessThan(160);
    const stuck = explanation.operations.find(({ isStuck }) => isStuck)!;
    expect(stuck.index).toBe(last);
    expect(stuck.text.length).toBeLessThan(200);
    expect(timelineHtml(explanation).length).toBeLessThan(200_000);
  });
});

describe("a timeline", () => {
  const page = timelineHtml(explain(staleRead));

  it("has a row for each client and a bar for each operation, and says what became of it", () => {
    for (const client of [0, 1, 2, 3]) expect(page).toContain(`<h3>client ${client}</h3>`);
    expect(page.match(/<li class="bar/g)).toHaveLength(5);
    expect(page).toContain("operation 1, called at 2, returned at 4; step 2, then &quot;b&quot;");
    expect(page).toContain("operation 2, called at 3, outcome unknown; not placed");
    expect(page).toContain("operation 4, called at 7, returned at 8; no place");
  });

  it("marks what has no place, and numbers the order", () => {
    expect(page.match(/<li class="bar stuck"\s+id="stuck"/g)).toHaveLength(1);
    expect(page.match(/<circle/g)).toHaveLength(3);
    expect([...page.matchAll(/<text [^>]*>(\d+)<\/text>/g)].map(([, number]) => number)).toEqual([
      "1",
      "2",
      "3",
    ]);
  });

  it("needs nothing from elsewhere, runs nothing, and follows the reader's colours", () => {
    expect(page).not.toMatch(/<script|<link|<img|src=|https?:|url\(|@import/);
    expect(page).toContain("prefers-color-scheme: dark");
  });

  it("can be read without seeing it, and walked through by keyboard", () => {
    expect(page).toContain('<html lang="en">');
    expect(page.match(/tabindex="0"/g)).toHaveLength(6);
    expect(page).toContain('role="region" aria-label="Timeline"');
    expect(page).toMatch(/<svg [^>]*aria-hidden="true"/);
  });

  it("shows keys and values as text, whatever they are", () => {
    const evil = `</style><script>alert("1 & '2'")</script>`;
    const history: History<KvOp, KvResult> = [
      { client: 0, op: { type: "get", key: evil }, result: evil, calledAt: 0, returnedAt: 1 },
    ];
    const [violation] = checkHistory(kvModel, history).partitions;
    if (violation?.verdict !== "violation") throw new Error("there is no violation");
    const html = timelineHtml(explainViolation(kvModel, history, violation));
    expect(html).not.toContain("<script");
    expect(html).toContain("&lt;/style&gt;&lt;script&gt;alert(\\&quot;1 &amp; &#39;2&#39;\\&quot;)");
    expect(html).toContain("<title>Not linearizable: ");
  });
});

describe("the layout", () => {
  const layoutOf = (history: readonly RegisterOperation[]) => layOut(explain(history));

  it("puts each step within its operation, each further right than the one before", () => {
    const { clients, points } = layoutOf(staleRead);
    const bars = clients.flatMap((rows) => rows.bars);
    let before = 0;
    for (const { step, x, y } of points) {
      const bar = bars.find(({ operation }) => operation.index === step.index)!;
      expect(x).toBeGreaterThan(Math.max(before, bar.left));
      expect(x).toBeLessThan(bar.left + bar.width);
      expect(y).toBe(bar.top);
      before = x;
    }
  });

  it("draws what is open to the end, and what overlaps in one client in rows of its own", () => {
    const { clients, width } = layoutOf([write(0, "a", [0]), write(0, "b", [1, 2]), read(0, "x", [3, 4])]);
    const [rows] = clients;
    const [open, second, third] = rows!.bars;
    expect(open!.left + open!.width).toBe(width);
    expect(second!.top).toBeGreaterThan(open!.top);
    expect(third!.top).toBe(second!.top);
    expect(rows!.height).toBe(2 * 52);
  });

  it("ends where the stuck operation returns", () => {
    const { clients, end } = layoutOf(staleRead);
    const stuck = clients.flatMap((rows) => rows.bars).find(({ operation }) => operation.isStuck)!;
    expect(end).toBe(stuck.left + stuck.width);
  });
});
