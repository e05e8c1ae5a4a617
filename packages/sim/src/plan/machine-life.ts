/** Starting, stopping and killing a machine's node, and telling the checks. */
import type { Node } from "@lattice/node";
import type { Machine } from "../machine.ts";
import type { World } from "../world.ts";

export async function startMachine(world: World, machine: Machine): Promise<void> {
  try {
    const node = await machine.start();
    if (node === undefined) return;
    world.tell(machine, "is up");
    void tellEvents(world, machine, node);
    world.checkMachine(machine);
    for (const mirror of world.mirrors) if (mirror.machine === machine) mirror.follow();
  } catch (error) {
    world.noteDeath(machine);
    world.tell(machine, `does not start: ${world.judge(machine, error).message}`);
  }
}

/** What it tells its people; the dead tell nothing. */
async function tellEvents(world: World, machine: Machine, node: Node): Promise<void> {
  for await (const { text } of node.events.subscribe(new AbortController().signal)) {
    if (machine.node !== node) return;
    world.tell(machine, text);
  }
}

/** Says whether it is off then: something else may have started it meanwhile. */
export async function stopMachine(world: World, machine: Machine): Promise<boolean> {
  await machine.stop();
  if (machine.isOn) return false;
  world.noteDeath(machine);
  world.tell(machine, "is stopped");
  return true;
}

export function kill(world: World, machine: Machine, options: { machine: boolean }): void {
  world.checkMachine(machine);
  machine.crash(options);
  world.noteDeath(machine);
  world.tell(machine, options.machine ? "loses power" : "is killed");
}
