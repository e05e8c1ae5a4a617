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

test("keeps what was signed before, and each name's history", () => {
  const scratch = mkdtempSync(join(tmpdir(), "lattice-embed-"));
  onTestFinished(() => rmSync(scratch, { recursive: true }));
  const folder = join(scratch, "book");
  expect(sign(folder, "ann")).toBe("ann signed at NOW\nann has signed 1 times\n");
  expect(sign(folder, "ben")).toBe("ann signed at NOW\nben signed at NOW\nben has signed 1 times\n");
  expect(sign(folder, "ann")).toBe("ann signed at NOW\nben signed at NOW\nann has signed 2 times\n");
});
