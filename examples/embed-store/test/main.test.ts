import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";

const MAIN = join(import.meta.dirname, "../src/main.ts");
const OPTIONS = ["--experimental-transform-types", "--no-warnings", "--conditions=@lattice/source"];

function sign(folder: string, name: string): string {
  const { stdout, stderr } = spawnSync(process.execPath, [...OPTIONS, MAIN, folder, name], {
    encoding: "utf8",
  });
  expect(stderr).toBe("");
  return stdout.replaceAll(/\d{4}-[\d:.T-]+Z/g, "NOW");
}

test("is 20 lines", () => {
  expect(readFileSync(MAIN, "utf8").trimEnd().split("\n").length).toBeLessThanOrEqual(20);
});

test("answers as its README shows", () => {
  const readme = readFileSync(join(import.meta.dirname, "../README.md"), "utf8");
  const [, block = ""] = /^```shell-session\n([^]*?)^```$/m.exec(readme) ?? [];
  const scratch = mkdtempSync(join(tmpdir(), "lattice-embed-"));
  onTestFinished(() => rmSync(scratch, { recursive: true }));
  const shown = block
    .split("\n")
    .filter((line) => line.startsWith("$ "))
    .map((line) => {
      const [folder, name] = line.split(" ").slice(-2) as [string, string];
      return `${line}\n${sign(join(scratch, folder), name)}`;
    });
  expect(shown).toHaveLength(3);
  expect(shown.join("").replaceAll("NOW", "…")).toBe(block);
});
