import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const EXAMPLE = join(import.meta.dirname, "../../apps/cli/demo/cluster.ts");

it("the example of a cluster loses its leader and no write, and ends with three hashes that are equal", async () => {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [EXAMPLE]);
  const hashes = ["n1", "n2", "n3"].map(
    (name) => new RegExp(`^${name} {2}([0-9a-f]{8})$`, "m").exec(stdout)?.[1],
  );
  expect(hashes[0]).toBeDefined();
  expect(new Set(hashes).size).toBe(1);
  expect(stdout).toMatch(/leads in term \d+\n[^]*which leads, is killed[^]*leads in term \d+\n/);
  expect(stdout).toMatch(/linearizable: \d+ operations/);
  expect(stdout).toMatch(/Equal\.\n$/);
  expect(stderr).toBe("");
});
