/** Attacks by name: what liars do (action.ts). Each draws from its action's seed, ends by itself, and leaves nothing open. */
import type { Attack } from "../plan/action.ts";
import type { World } from "../world.ts";
import { AUTHORITY } from "./authority.ts";
import { BATCHES } from "./batches.ts";
import { CHAINS } from "./chains.ts";
import { EQUIVOCATION } from "./equivocation.ts";
import { FLOODS } from "./floods.ts";
import { FRONTIERS } from "./frontiers.ts";
import { GARBAGE } from "./garbage.ts";
import { JOINS } from "./joins.ts";
import { Liar, Silenced, type Attacks } from "./liar.ts";
import { REPLAYS } from "./replays.ts";
import { SIGNATURES } from "./signatures.ts";
import { WITHHOLDING } from "./withholding.ts";

const FAMILIES: Readonly<Record<string, Attacks>> = {
  forks: EQUIVOCATION,
  signs: SIGNATURES,
  writes: AUTHORITY,
  stands: CHAINS,
  "sends batches": BATCHES,
  withholds: WITHHOLDING,
  repeats: REPLAYS,
  floods: FLOODS,
  babbles: GARBAGE,
  claims: FRONTIERS,
  knocks: JOINS,
};

const byName: ReadonlyMap<string, Attacks[string]> = new Map(
  Object.entries(FAMILIES).flatMap(([family, attacks]) =>
    Object.entries(attacks).map(([name, run]) => [`${family}: ${name}`, run] as const),
  ),
);

export const ATTACKS: readonly string[] = [...byName.keys()];

/** Passed over where the liar does not hold the store, or somebody is off. */
export async function attack(world: World, action: Attack): Promise<void> {
  const machine = world.machines[action.machine];
  const victim = world.machines[action.victim];
  const run = byName.get(action.name);
  const store = machine && world.storeOf(machine, action.store);
  if (machine === undefined || victim === undefined || store === undefined || run === undefined) return;
  if (!world.isLiar(machine) || world.isLiar(victim) || victim.isGone) return;
  world.tell(machine, `${action.name}, towards ${victim.name} in store ${action.store}`);
  world.trace.count(`attack ${action.name}`);
  const liar = new Liar({ world, machine, victim, store, seed: action.seed });
  try {
    await run(liar);
  } catch (error) {
    // Its own store went with its machine.
    if (!(error instanceof Silenced) && !machine.isGone) throw error;
  } finally {
    liar.end();
  }
}
