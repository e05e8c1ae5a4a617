/** The README's example, as it stands there. */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, vi } from "vitest";

it("the README's example says what it should", async () => {
  const readme = readFileSync(join(import.meta.dirname, "..", "README.md"), "utf8");
  const [, example] = /```ts\n([\s\S]*?)```/u.exec(readme)!;
  // Beside this file, so that its imports are found as they are by who uses the package.
  const file = join(import.meta.dirname, `readme-${process.pid}.ts`);
  const log = vi.spyOn(console, "log").mockImplementation(() => {});
  try {
    writeFileSync(file, example!.replace('"@lattice/raft-net"', '"../src/index.ts"'));
    await import(file);
    expect(log.mock.calls).toEqual([["Ann from 1, hello"]]);
  } finally {
    log.mockRestore();
    rmSync(file, { force: true });
  }
});
