/** The README's example, as it stands there. */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { openRaftLog } from "../src/index.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

it("the README's example writes an entry each time it runs", async () => {
  const readme = readFileSync(join(import.meta.dirname, "..", "README.md"), "utf8");
  const [, example] = /```ts\n([\s\S]*?)```/u.exec(readme)!;
  const directory = temporaryDirectory();
  const here = example!.replace('"data/raft"', JSON.stringify(directory));
  expect(here).not.toBe(example);
  for (let run = 1; run <= 2; run++) {
    // Beside this file, so that its imports are found as they are by who uses the package.
    const file = join(import.meta.dirname, `readme-${process.pid}-${run}.ts`);
    try {
      writeFileSync(file, here.replace('"@lattice/raft-log"', '"../src/index.ts"'));
      await import(file);
    } finally {
      rmSync(file, { force: true });
    }
    await using log = await openRaftLog({ directory });
    expect(log.persisted.entries.length).toBe(run);
  }
});
