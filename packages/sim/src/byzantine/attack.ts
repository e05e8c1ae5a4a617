import type { Attack } from "../plan/action.ts";
import type { World } from "../world.ts";

export async function attack(world: World, { machine, name }: Attack): Promise<void> {
  world.tell(world.machines[machine]!, `attacks: ${name}`);
  await Promise.resolve();
}

export const ATTACKS: readonly string[] = [];
