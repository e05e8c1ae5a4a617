import { describe, expect, it } from "vitest";
import { Hasher, EMPTY_TEXT, extendText } from "../src/hasher.ts";
import { VisitedSet } from "../src/visited-set.ts";
import { Random } from "./random.ts";

describe("the set of visited configurations", () => {
  it("holds what a Set of pairs holds, as it grows", () => {
    const random = new Random(1);
    const visited = new VisitedSet();
    const naive = new Set<string>();
    for (let round = 0; round < 60_000; round += 1) {
      // Few different words, in few low bits: long runs of full slots, and pairs seen before.
      const [high, low] = [random.below(200) - 100, (random.below(400) << 22) | random.below(4)];
      expect(visited.add(high, low)).toBe(!naive.has(`${high} ${low}`));
      naive.add(`${high} ${low}`);
    }
    expect(visited.count).toBe(naive.size);
  });

  it("holds the pair of zeros, which marks free slots, too", () => {
    const visited = new VisitedSet();
    expect([visited.add(0, 0), visited.add(0, 0), visited.count]).toEqual([true, false, 1]);
  });
});

describe("the hash", () => {
  it("is that of the whole text, however it was put together", () => {
    const text = "häßlich 𝄞 text";
    for (let cut = 0; cut <= text.length; cut += 1) {
      const pieces = extendText(extendText(EMPTY_TEXT, text.slice(0, cut)), text.slice(cut));
      expect(pieces).toEqual(extendText(EMPTY_TEXT, text));
    }
  });

  it("tells pieces apart that make the same text", () => {
    const [one, other] = [new Hasher().text("ab").text("c"), new Hasher().text("a").text("bc")];
    expect([one.high, one.low]).not.toEqual([other.high, other.low]);
  });

  it("has lanes that depend on everything and not on each other: no more collisions than chance", () => {
    const hasher = new Hasher();
    const seen = { high: new Set<number>(), low: new Set<number>(), both: new Set<string>() };
    const count = 200_000;
    for (let number = 0; number < count; number += 1) {
      hasher
        .reset()
        .number(number)
        .text(`v${number % 7}`);
      seen.high.add(hasher.high);
      seen.low.add(hasher.low);
      seen.both.add(`${hasher.high & 0xfffff} ${hasher.low & 0xfffff}`);
    }
    // n² / 2^33 of 32 bits: about 4.7; of 20 bits of each lane together, n² / 2^41: 0.02.
    expect(count - seen.high.size).toBeLessThan(20);
    expect(count - seen.low.size).toBeLessThan(20);
    expect(count - seen.both.size).toBeLessThan(3);
  });

  it("tells great numbers apart", () => {
    const lanes = [2 ** 32, 2 ** 33, 2 ** 52 + 1, 1, 0].map((number) => new Hasher().number(number).high);
    expect(new Set(lanes).size).toBe(lanes.length);
  });
});
