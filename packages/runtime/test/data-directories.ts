import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** Gone when the test is over. */
export function dataDirectory(): string {
  const path = mkdtempSync(join(tmpdir(), "lattice-runtime-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}
