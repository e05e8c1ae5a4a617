/** Many put at once. After a kill every acknowledged put is there, nothing that nobody wrote, and one chain. */
import { checkStore } from "../check-store.ts";
import { KeyValues } from "../key-values.ts";
import { drawMoment, drawStartMoment, KillSwitch } from "../kill-switch.ts";
import { nextPut, write } from "../load.ts";
import type { Scenario } from "../scenario.ts";
import { createRoot } from "../stores.ts";
import type { World } from "../world.ts";
import type { Change, Writer } from "../writer.ts";

export const put: Scenario = { name: "put", run: (world) => writeAndKill(world, nextPut) };

/** Of whatever the writers write. */
export async function writeAndKill(
  world: World,
  next: (world: World, writer: Writer) => Change,
): Promise<void> {
  const node = world.node("node");
  // Before there is an identity, an inventory, anything.
  if (world.chance(30)) await node.startKilled(drawStartMoment(world));
  await node.start();
  const store = await createRoot(node);
  const values = await KeyValues.of(node, store);
  const writers = world.newWriters(node, world.oneOf([1, 4, 16, 32]));
  while (world.hasKillsLeft) {
    const kill = new KillSwitch(world, {
      victims: [node],
      moment: drawMoment(world, { answers: world.amount([20, 400]), changes: 300, ms: 200 }),
      what: "writing",
    }).arm();
    await write({
      writers,
      values,
      next: (writer) => next(world, writer),
      kill,
    });
    await kill.done();
    while (world.chance(25)) await node.startKilled(drawStartMoment(world));
    await node.start();
    await checkStore(world, { node, store, writers, verify: world.chance(20) || !world.hasKillsLeft });
  }
}
