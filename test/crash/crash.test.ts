/** A few kills of each scenario, the same at each run as far as processes allow; `pnpm crash` is for many. */
import { expect, it } from "vitest";
import { runScenario } from "./run-scenario.ts";
import { fullDisk } from "./scenarios/full-disk.ts";
import { scenarios } from "./scenarios/all.ts";

const SEED = 20_261_122;
const KILLS = 4;
/** For a machine that has much else to do. */
const TIMEOUT_MS = 240_000;

it.each(scenarios.filter((scenario) => scenario !== fullDisk))(
  "$name: nothing acknowledged is lost, whenever a node is killed",
  { timeout: TIMEOUT_MS },
  async (scenario) => {
    const told: string[] = [];
    const { kills, checks } = await runScenario(scenario, {
      seed: SEED,
      rounds: 1,
      kills: KILLS,
      isBrief: true,
      tell: (line) => told.push(line),
    });
    expect(told.join("\n")).toBe("");
    expect(kills).toBeGreaterThanOrEqual(KILLS);
    expect(checks).toBeGreaterThan(0);
  },
);
