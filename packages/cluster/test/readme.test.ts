/** The README's example, as it stands there but for its ports and directories. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, vi } from "vitest";
import { freePort } from "./member/members.ts";

it("the README's example starts a cluster and reads what it wrote", async () => {
  const readme = readFileSync(join(import.meta.dirname, "..", "README.md"), "utf8");
  let [, example] = /```ts\n([\s\S]*?)```/u.exec(readme)! as unknown as [string, string];
  for (const port of ["24801", "24802", "24803"])
    example = example.replaceAll(port, String(await freePort()));
  const directory = mkdtempSync(join(tmpdir(), "lattice-readme-"));
  example = example
    .replace("data-$", `${directory}/$$`)
    .replace('"@lattice/cluster/client"', '"../src/client/index.ts"')
    .replace('"@lattice/cluster"', '"../src/index.ts"');
  // Beside this file, so that its imports are found as they are by who uses the package.
  const file = join(import.meta.dirname, `readme-${process.pid}.ts`);
  const said = vi.spyOn(console, "log").mockReturnValue();
  try {
    writeFileSync(file, example);
    await import(file);
    expect(said.mock.calls).toEqual([["hello"]]);
  } finally {
    said.mockRestore();
    rmSync(file, { force: true });
    rmSync(directory, { recursive: true, force: true });
  }
});
