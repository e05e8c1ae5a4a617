import { describe, expect, it } from "vitest";
import { answersOf, consoleBlocks, patternOf, screenOf } from "./console-blocks.ts";

const document = `# Title

\`\`\`sh
not run
\`\`\`

\`\`\`console
lattice> store create --root
lattice:a1b2> list
one
two
\`\`\`
`;

describe("consoleBlocks", () => {
  it("finds what is typed and what is answered", () => {
    const [block] = consoleBlocks(document);
    expect(block).toEqual({
      line: 7,
      steps: [
        { prompt: "lattice> ", command: "store create --root", answer: [] },
        { prompt: "lattice:a1b2> ", command: "list", answer: ["one", "two"] },
      ],
    });
    expect(screenOf(block!)).toBe("lattice> store create --root\nlattice:a1b2> list\none\ntwo");
    expect(answersOf(block!)).toBe("one\ntwo");
  });

  it("refuses a block that cannot be run", () => {
    expect(() => consoleBlocks("```console\nanswer\n```")).toThrow(
      "line 2: a console block begins with a prompt",
    );
    expect(() => consoleBlocks("```console\nlattice> get k")).toThrow(
      "line 1: a console block that does not end",
    );
  });
});

describe("patternOf", () => {
  it("takes plain text for itself", () => {
    expect(patternOf("a.b (c)*").test("a.b (c)*")).toBe(true);
    expect(patternOf("a.b (c)*").test("aXb (c)*")).toBe(false);
    expect(patternOf("a\nb").test("a\nb\nc")).toBe(false);
  });

  it("takes … for anything within one line", () => {
    expect(patternOf("key … done").test("key 12 ms done")).toBe(true);
    expect(patternOf("key … done").test("key\ndone")).toBe(false);
  });

  it("takes hex digits for any of their number, and the same throughout", () => {
    const pattern = patternOf("lattice:a1b2> put\nlattice:a1b2> get");
    expect(pattern.test("lattice:ffee> put\nlattice:ffee> get")).toBe(true);
    expect(pattern.test("lattice:ffee> put\nlattice:ffe0> get")).toBe(false);
    expect(pattern.test("lattice:ffe> put\nlattice:ffe> get")).toBe(false);
  });

  it("takes words that only look like hex digits for themselves", () => {
    expect(patternOf("added face").test("added face")).toBe(true);
    expect(patternOf("added face").test("added cafe")).toBe(false);
  });
});
