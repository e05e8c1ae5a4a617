import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { knowledgeOf, lagOf } from "../src/convergence/knowledge.ts";
import { parentsOf } from "../src/history/layout.ts";
import { toHex } from "../src/text/hex.ts";
import { anySteps, authorOf, logOf, type Step } from "./dag.ts";

const [ada, bert, cleo] = [0, 1, 2].map((number) => toHex(authorOf(number))) as [string, string, string];

describe("who is sure to have what", () => {
  it("is what the member's own last write builds on", () => {
    const knowledge = knowledgeOf(
      logOf([
        { author: 0, cites: [] },
        { author: 1, cites: [0] },
        { author: 0, cites: [] },
        { author: 0, cites: [] },
        { author: 2, cites: [1] },
      ]),
    );
    expect(lagOf(knowledge, bert, ada)).toBe(2);
    expect(lagOf(knowledge, bert, bert)).toBe(0);
    expect(lagOf(knowledge, bert, cleo)).toBe(1);
    expect(lagOf(knowledge, cleo, bert)).toBe(0);
    expect(lagOf(knowledge, cleo, ada)).toBe(2);
    expect(lagOf(knowledge, ada, bert)).toBe(1);
    expect(lagOf(knowledge, "somebody who has not written", ada)).toBeUndefined();
  });

  /** The same by walking back from the last write. */
  function naive(steps: readonly Step[], holder: string): Map<string, number> {
    const log = logOf(steps);
    const byId = new Map(log.map((intention) => [toHex(intention.id), intention]));
    const last = log.findLast(({ author }) => toHex(author) === holder)!;
    const past = new Set([toHex(last.id)]);
    for (const id of past) for (const parent of parentsOf(byId.get(id)!)) past.add(parent);
    const known = new Map<string, number>();
    for (const id of past) {
      const { author, seq } = byId.get(id)!;
      known.set(toHex(author), Math.max(known.get(toHex(author)) ?? 0, Number(seq)));
    }
    return known;
  }

  it("is what walking back through the history finds", () => {
    fc.assert(
      fc.property(anySteps, (steps) => {
        const { known } = knowledgeOf(logOf(steps));
        for (const [holder, seqs] of known) {
          const expected = naive(steps, holder);
          for (const [author, seq] of seqs) expect(seq).toBe(expected.get(author) ?? 0);
        }
      }),
    );
  });
});
