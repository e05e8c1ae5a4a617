/** The README's example, as it stands there, prints what stands behind it. */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, vi } from "vitest";

it("the README's example prints what the README says", async () => {
  const readme = readFileSync(join(import.meta.dirname, "..", "README.md"), "utf8");
  const [, example, output] = /```ts\n([\s\S]*?)```[\s\S]*?```\n([\s\S]*?)```/u.exec(readme)!;
  const lines: string[] = [];
  const log = vi.spyOn(console, "log").mockImplementation((...words) => void lines.push(words.join(" ")));
  // Beside this file, so that its imports are found as they are by who uses the package.
  const file = join(import.meta.dirname, `readme-${process.pid}.ts`);
  try {
    writeFileSync(file, example!.replace('"@lattice/grpc-front"', '"../src/index.ts"'));
    await import(file);
  } finally {
    rmSync(file, { force: true });
    log.mockRestore();
  }
  expect(lines).toEqual(output!.trim().split("\n"));
});
