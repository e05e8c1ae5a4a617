/** A short run of what `pnpm chaos` does for ten minutes; disks are not filled, for which it needs file systems of its own. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { lattice } from "../../../packages/testkit/src/clusters/index.ts";
import { allFaults } from "./faults/all.ts";
import { runChaos } from "./run-chaos.ts";

const LATTICE = join(import.meta.dirname, "../../../apps/cli/dist/lattice.js");
const SECONDS = 30;

it("a cluster under load that is killed, stopped and cut off keeps its promises", async () => {
  const seed = Number(process.env["SEED"] ?? Math.floor(Math.random() * 2 ** 32));
  const directory = mkdtempSync(join(tmpdir(), "lattice-chaos-"));
  const account: string[] = [];
  const result = await runChaos({
    program: lattice(LATTICE),
    size: 3,
    seconds: SECONDS,
    seed,
    faults: allFaults,
    directory,
    clients: 4,
    tell: (line) => account.push(line),
  });
  expect(result.faults, `SEED=${seed}, in ${directory}\n${account.join("\n")}`).toEqual([]);
  expect(result.verdict).toBe("linearizable");
  expect(result.writes).toBeGreaterThan(0);
  rmSync(directory, { recursive: true, force: true });
});
