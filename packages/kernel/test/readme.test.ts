import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const folder = fileURLToPath(new URL("..", import.meta.url));

function program(): string {
  const [, code] = /```ts\n([\s\S]*?)```/.exec(readFileSync(join(folder, "README.md"), "utf8")) ?? [];
  return code!;
}

it("the README's program has at most 25 lines", () => {
  expect(program().trimEnd().split("\n").length).toBeLessThanOrEqual(25);
});

it("the README's program runs as it stands there", () => {
  const scratch = mkdtempSync(join(tmpdir(), "lattice-readme-"));
  // Beside the package, so that its imports are found as they are by who installs it.
  const file = join(folder, "test", `readme-${process.pid}.ts`);
  try {
    writeFileSync(file, program());
    const options = ["--experimental-transform-types", "--no-warnings", "--conditions=@lattice/source"];
    const { stdout, stderr } = spawnSync(process.execPath, [...options, file, join(scratch, "store")], {
      encoding: "utf8",
    });
    expect(stderr).toBe("");
    expect(stdout).toBe("hello = world\nwatched hello\nwatched hi\n");
  } finally {
    rmSync(file, { force: true });
    rmSync(scratch, { recursive: true });
  }
});
