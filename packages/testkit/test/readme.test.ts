/** The README's example, as it stands there: the tests that it makes are tests of this file. */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

const [, example] = /```ts\n([\s\S]*?)```/.exec(
  readFileSync(join(import.meta.dirname, "..", "README.md"), "utf8"),
)!;

// Beside this file, so that its imports are found as they are by who writes a test.
const file = join(import.meta.dirname, `readme-${process.pid}.ts`);
try {
  writeFileSync(file, example!);
  await import(file);
} finally {
  rmSync(file, { force: true });
}

it("the README's example has fewer than 20 lines", () => {
  expect(example!.trimEnd().split("\n").length).toBeLessThan(20);
});
