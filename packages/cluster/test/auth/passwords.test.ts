import { describe, expect, test } from "vitest";
import { PASSWORDS_AT_ONCE, PASSWORDS_WAITING_MAX } from "../../src/auth/limits.ts";
import { Passwords } from "../../src/auth/passwords.ts";

const passwords = new Passwords({ cost: 4 });

describe("what is kept of a password", () => {
  test("is matched by that password only", async () => {
    const kept = await passwords.hash("secret");
    expect(kept).toMatch(/^\$scrypt\$ln=4,r=8,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
    expect(await passwords.matches("secret", kept)).toBe(true);
    expect(await passwords.matches("secret ", kept)).toBe(false);
    expect(await passwords.matches("", kept)).toBe(false);
  });

  test("is another each time", async () => {
    expect(await passwords.hash("secret")).not.toBe(await passwords.hash("secret"));
  });

  test("says how it was made, so that it holds when that changes", async () => {
    const kept = await new Passwords({ cost: 5 }).hash("secret");
    expect(await passwords.matches("secret", kept)).toBe(true);
  });

  test("may be of a password that is empty or long", async () => {
    for (const password of ["", "x".repeat(100_000)]) {
      expect(await passwords.matches(password, await passwords.hash(password))).toBe(true);
    }
  });
});

test.each([
  undefined,
  "",
  "secret",
  "$scrypt$ln=4,r=8,p=1$AAAA$AAAA",
  "$scrypt$ln=99,r=8,p=1$AAAA$" + "A".repeat(43),
])("nothing matches %j", async (kept) => {
  expect(await passwords.matches("secret", kept)).toBe(false);
});

test("more than can be hashed soon are refused, and the others are hashed", async () => {
  const all = Array.from({ length: PASSWORDS_AT_ONCE + PASSWORDS_WAITING_MAX + 3 }, () =>
    passwords.hash("x").then(
      () => "hashed",
      (error: Error) => error.message,
    ),
  );
  const results = await Promise.all(all);
  const refused = results.filter((result) => result === "etcdserver: too many requests");
  expect(refused).toHaveLength(3);
  expect(results.filter((result) => result === "hashed")).toHaveLength(all.length - 3);
  expect(await passwords.matches("x", await passwords.hash("x"))).toBe(true);
});
