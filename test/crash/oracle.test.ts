/** The harness finds what it is there to find. */
import { describe, expect, it } from "vitest";
import { expectChains, type Intention } from "./witness-log.ts";
import { noFigures } from "./figures.ts";
import { Writer } from "./writer.ts";

const HASH = Uint8Array.of(1, 2, 3);

function writer(...written: readonly Record<string, string>[]): Writer {
  const made = new Writer({ prefix: "w/", figures: noFigures() });
  for (const change of written) {
    made.begin(new Map(Object.entries(change)));
    made.acknowledge(HASH);
  }
  return made;
}

function found(entries: Record<string, string>): Map<string, string> {
  return new Map(Object.entries(entries));
}

describe("a writer", () => {
  it("misses what was acknowledged", () => {
    const expected = /what w\/ wrote is not as it was left/;
    expect(() => writer({ "w/a": "1" }).settle(found({}), "here")).toThrow(expected);
    expect(() => writer({ "w/a": "1" }, { "w/a": "2" }).settle(found({ "w/a": "1" }), "here")).toThrow(
      expected,
    );
    expect(() => writer({ "w/a": "1" }).settle(found({ "w/a": "1", "v/a": "2" }), "here")).not.toThrow();
  });

  it("knows what it never wrote", () => {
    expect(() => writer({ "w/a": "1" }).settle(found({ "w/a": "1", "w/b": "1" }), "here")).toThrow(
      /not as it was left/,
    );
  });

  it("takes a write without an answer as a whole or not at all, and then knows which", () => {
    const change = found({ "w/b": "1", "w/c": "1" });
    for (const key of change.keys()) {
      const half = writer({ "w/a": "1" });
      half.begin(change);
      expect(() => half.settle(found({ "w/a": "1", [key]: "1" }), "here")).toThrow(/not as it was left/);
    }
    const whole = writer({ "w/a": "1" });
    whole.begin(change);
    whole.settle(found({ "w/a": "1", "w/b": "1", "w/c": "1" }), "here");
    expect(() => whole.settle(found({ "w/a": "1" }), "here")).toThrow(/not as it was left/);
    const none = writer({ "w/a": "1" });
    none.begin(change);
    none.settle(found({ "w/a": "1" }), "here");
    expect(() => none.settle(found({ "w/a": "1", "w/b": "1", "w/c": "1" }), "here")).toThrow(
      /not as it was left/,
    );
  });

  it("does not expect what was refused, and knows what a log lacks", () => {
    const made = writer({ "w/a": "1" });
    made.begin(found({ "w/b": "1" }));
    made.refused();
    expect(() => made.settle(found({ "w/a": "1", "w/b": "1" }), "here")).toThrow(/not as it was left/);
    expect(made.missingFrom(new Set(["010203"]))).toEqual([]);
    expect(made.missingFrom(new Set())).toEqual(['1. w/ 010203: w/a = "1"']);
  });
});

describe("a log", () => {
  const intention = (author: string, seq: number, storePrev: string): Intention => ({
    id: `${author}${seq}`,
    hash: `hash of ${author}${seq}`,
    author,
    seq,
    storePrev,
    kind: "app",
    summary: "",
  });
  const log = [
    intention("a", 0, ""),
    intention("a", 1, "a0"),
    intention("b", 1, "a0"),
    intention("a", 2, "a1"),
  ];

  it("is one chain for each author", () => {
    expect(() => expectChains(log, "here")).not.toThrow();
  });

  it("has no fork, no gap and nothing twice", () => {
    for (const wrong of [
      { ...intention("a", 2, "a1"), id: "another" },
      intention("b", 3, "b2"),
      intention("b", 1, "a0"),
    ]) {
      expect(() => expectChains([...log, wrong], "here")).toThrow(/intentions are no chain/);
    }
  });
});
