import { expect, test } from "vitest";
import { AuthTokens } from "../../src/auth/auth-tokens.ts";
import { TOKEN_TTL_MS, TOKENS_MAX } from "../../src/auth/limits.ts";

test("a token holds for a while after it was last used", () => {
  let now = 0;
  const tokens = new AuthTokens(() => now);
  tokens.assign("t", "ann");
  for (let uses = 0; uses < 5; uses++) {
    now += TOKEN_TTL_MS - 1;
    expect(tokens.use("t")).toBe("ann");
  }
  now += TOKEN_TTL_MS;
  expect(tokens.use("t")).toBeUndefined();
});

test("all tokens of a user can be taken back, or all", () => {
  const tokens = new AuthTokens(() => 0);
  for (const token of ["a1", "a2"]) tokens.assign(token, "ann");
  for (const token of ["b1", "b2"]) tokens.assign(token, "bob");
  tokens.takeFrom("ann");
  expect(["a1", "a2", "b1"].map((token) => tokens.use(token))).toEqual([undefined, undefined, "bob"]);
  tokens.clear();
  expect(tokens.use("b2")).toBeUndefined();
});

test("however many are given out, those that were used last are known", () => {
  const tokens = new AuthTokens(() => 0);
  for (let number = 0; number < TOKENS_MAX; number++) tokens.assign(`${number}`, "ann");
  expect(tokens.use("0")).toBe("ann");
  tokens.assign("one more", "ann");
  expect(tokens.use("0")).toBe("ann");
  expect(tokens.use("1")).toBeUndefined();
});
