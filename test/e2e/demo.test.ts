import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const DEMO = join(import.meta.dirname, "../../apps/cli/demo/demo.ts");

it("the demo runs, and ends with two digests that are equal", async () => {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [DEMO]);
  const [, alice] = /^alice {2}([0-9a-f]{64})$/m.exec(stdout)!;
  const [, bob] = /^bob {4}([0-9a-f]{64})$/m.exec(stdout)!;
  expect(alice).toBe(bob);
  expect(stdout).toMatch(/Equal\.\n$/);
  expect(stderr).toBe("");
});
