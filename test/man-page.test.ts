/** The man page, as those programs read it that show man pages. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, it } from "vitest";
import { COMMANDS } from "../apps/cli/src/commands/registry.ts";

const PAGE = join(import.meta.dirname, "../apps/cli/man/lattice.1");

function has(program: string): boolean {
  return spawnSync("sh", ["-c", `command -v ${program}`]).status === 0;
}

it.skipIf(!has("mandoc"))("mandoc finds no fault in it (skipped where mandoc is not installed)", () => {
  const { status, stdout } = spawnSync("mandoc", ["-Tlint", "-Wstyle", PAGE], { encoding: "utf8" });
  expect({ status, stdout }).toEqual({ status: 0, stdout: "" });
});

it.skipIf(!has("groff"))("groff shows every command (skipped where groff is not installed)", () => {
  const args = ["-man", "-Tutf8", "-ww", "-rLL=200n", PAGE];
  const { status, stdout, stderr } = spawnSync("groff", args, {
    encoding: "utf8",
    env: { ...process.env, GROFF_NO_SGR: "1" },
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  // Bold is a letter struck over itself.
  const text = stdout.replaceAll(/.\u0008/g, "").replaceAll(/\s+/g, " ");
  for (const { path } of COMMANDS) expect(text).toContain(path.join(" ").replaceAll("-", "-"));
});
