import { spawnSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

it("the README's program runs as it stands there", () => {
  const readme = readFileSync(join(import.meta.dirname, "..", "README.md"), "utf8");
  const [, program] = /```ts\n([\s\S]*?)```/.exec(readme) ?? [];
  // Beside this file, so that its imports are found as they are by who installs the package.
  const file = join(import.meta.dirname, `readme-${process.pid}.ts`);
  try {
    writeFileSync(file, program!);
    const options = ["--experimental-transform-types", "--no-warnings", "--conditions=@lattice/source"];
    const { stdout, stderr } = spawnSync(process.execPath, [...options, file], { encoding: "utf8" });
    expect(stderr).toBe("");
    expect(stdout).toBe("1 applies 7\n2 applies 7\n3 applies 7\nleader at 3\n");
  } finally {
    rmSync(file, { force: true });
  }
});
