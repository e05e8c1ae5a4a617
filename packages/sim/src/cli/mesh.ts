/** `pnpm sim`: meshes. */
import { LatticeError } from "@lattice/model";
import type { Plan } from "../plan/action.ts";
import { makeLargePlan } from "../plan/large-plan.ts";
import { makePlan } from "../plan/make-plan.ts";
import { simulate } from "../simulate.ts";
import { shippedWorkloads as workloads } from "../workloads/shipped.ts";
import { readArguments, wholeNumber } from "./arguments.ts";
import { Regressions } from "./regressions.ts";
import { MeshTotals, type MeshFigures } from "./report.ts";
import { runOne, runSimulation, type Simulation } from "./simulation.ts";

const MACHINES_MAX = 50;
const LARGE = { machineCount: 25, writeCount: 10_000 };

/** Says whether no rule was broken. */
export async function simMesh(args: readonly string[]): Promise<boolean> {
  const own = { machines: { type: "string" }, large: { type: "boolean", default: false } } as const;
  const given = readArguments(args, own);
  const mesh = meshOf(machineCountOf(given.own["machines"]));
  // Too large to be made shorter.
  if (given.own["large"] === true) {
    return runOne({ ...mesh, shrinkTriesMax: 0 }, makeLargePlan(LARGE), { ...given, record: false });
  }
  return runSimulation(mesh, given);
}

function meshOf(machineCount: number | undefined): Simulation<Plan, MeshFigures> {
  const size = machineCount === undefined ? {} : { machineCount };
  return {
    command: "pnpm sim",
    worker: "worker",
    regressions: new Regressions("regressions.json"),
    progressEvery: 500,
    shrinkTriesMax: 300,
    vital: "writes acknowledged",
    planOf: (seed) => makePlan({ seed, workloadCount: workloads.length, ...size }),
    simulate: (plan, options) => simulate({ plan, workloads, ...options }),
    newTotals: () => new MeshTotals(),
  };
}

function machineCountOf(text: string | boolean | undefined): number | undefined {
  const count = wholeNumber("machines", text);
  if (count === undefined || (count >= 2 && count <= MACHINES_MAX)) return count;
  throw new LatticeError("invalid-argument", `a mesh has 2 to ${MACHINES_MAX} machines, not ${count}`);
}
