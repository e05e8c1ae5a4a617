import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** A directory of the test that asks for it, gone when that has finished. */
export function temporaryDirectory(): string {
  const path = mkdtempSync(join(tmpdir(), "lattice-raft-log-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}
