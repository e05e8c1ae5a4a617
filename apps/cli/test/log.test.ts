import { expect, test } from "vitest";
import { openLog } from "../src/log.ts";
import { Sink } from "./harness.ts";

function logged(options: { isTTY?: boolean; level?: "error" | "info" | "debug"; format?: "text" | "json" }) {
  const errors = new Sink();
  errors.isTTY = options.isTTY ?? false;
  const log = openLog({ errors }, { level: options.level ?? "info", format: options.format });
  log("error", "store-failed", { text: "it broke\nbadly", store: "a b", peer: undefined });
  log("info", "serving HTTP", { url: "http://localhost:1", count: 2 });
  log("debug", "http request", {});
  return errors.text.trimEnd().split("\n");
}

test("for a program, each line is a document", () => {
  const [first, second, ...rest] = logged({}).map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(first).toEqual({
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
    level: "error",
    message: "store-failed",
    text: "it broke\nbadly",
    store: "a b",
  });
  expect(second).toMatchObject({ level: "info", url: "http://localhost:1", count: 2 });
  expect(rest).toEqual([]);
});

test("for a person, each is one short line", () => {
  const [first, second] = logged({ isTTY: true });
  expect(first).toMatch(/^\S+Z error store-failed it broke[^\n]+badly store="a b"$/);
  expect(second).toMatch(/^\S+Z info  serving HTTP url=http:\/\/localhost:1 count=2$/);
});

test("the format can be had for either, and the level says how much", () => {
  expect(logged({ isTTY: true, format: "json" })[0]).toMatch(/^\{/);
  expect(logged({ format: "text" })[0]).toMatch(/^\S+Z error/);
  expect(logged({ level: "error" })).toHaveLength(1);
  expect(logged({ level: "debug" })).toHaveLength(3);
});
