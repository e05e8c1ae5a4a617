import { describe, expect, test } from "vitest";
import fc from "fast-check";
import { quoteWord, splitWords, tokenize } from "../src/tokenizer.ts";

describe("tokenize", () => {
  test.each<[string, string[]]>([
    ["", []],
    ["  \t ", []],
    ["a  b\tc", ["a", "b", "c"]],
    ["'a b' c", ["a b", "c"]],
    [`"a 'b'" 'c "d"'`, ["a 'b'", 'c "d"']],
    [`a'b'"c"`, ["abc"]],
    ["''", [""]],
    [`a "" b`, ["a", "", "b"]],
    [String.raw`a\ b \' \\`, ["a b", "'", "\\"]],
    [String.raw`"a\"b\\c\n"`, [String.raw`a"b\c\n`]],
    [String.raw`'a\b'`, [String.raw`a\b`]],
    ["# a comment", []],
    ["  # another", []],
    ["unsub #1", ["unsub", "#1"]],
  ])("%s", (line, words) => {
    expect(tokenize(line)).toEqual(words);
  });

  test.each([
    ["'a", "a quote (') is not closed"],
    ['a "b', 'a quote (") is not closed'],
    ["a \\", "the line ends in a backslash"],
  ])("refuses %s", (line, message) => {
    expect(() => tokenize(line)).toThrow(message);
  });

  test("property: a quoted word comes out as it was", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "binary" })), (words) => {
        expect(tokenize(words.map(quoteWord).join(" "))).toEqual(words);
      }),
    );
  });
});

test("splitWords tells where the word begins that is being typed", () => {
  expect(splitWords("store us")).toEqual({ words: ["store", "us"], lastStart: 6 });
  expect(splitWords("store ")).toEqual({ words: ["store"], lastStart: 6 });
  expect(splitWords("a 'b c")).toEqual({ words: ["a", "b c"], lastStart: 2, open: "'" });
});
