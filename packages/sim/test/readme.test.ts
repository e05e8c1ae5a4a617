import { spawnSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

const folder = join(import.meta.dirname, "..");

it("the README's program runs as it stands there", { timeout: 300_000 }, () => {
  const [, program] = /```ts\n([\s\S]*?)```/.exec(readFileSync(join(folder, "README.md"), "utf8"))!;
  // Beside the package, so that its imports are found as they are by who installs it.
  const file = join(folder, "test", `readme-${process.pid}.ts`);
  try {
    writeFileSync(file, program!);
    const options = ["--experimental-transform-types", "--no-warnings", "--conditions=@lattice/source"];
    const { stdout, stderr } = spawnSync(process.execPath, [...options, file], { encoding: "utf8" });
    expect(stderr).toBe("");
    expect(stdout).toBe("no rule was broken\n");
  } finally {
    rmSync(file, { force: true });
  }
});
