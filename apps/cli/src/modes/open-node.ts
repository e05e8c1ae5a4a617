/** A node in this process, as the flags want it. */
import { streamConsole } from "../console.ts";
import type { Invocation } from "../invocation.ts";
import type { RunningNode } from "../node-access.ts";
import { oneLine } from "../print/text.ts";
import type { World } from "../world.ts";

/** Says on the way what is amiss without being in the way. */
export async function openNode(world: World, invocation: Invocation): Promise<RunningNode> {
  const { dataDirectory, listen, types, web } = invocation;
  const node = await world.node.open({
    dataDirectory,
    typeModules: types,
    ...(listen === undefined ? {} : { listen }),
    ...(web === undefined ? {} : { web }),
  });
  for (const warning of node.warnings) streamConsole(world).err(`warning: ${oneLine(warning)}`);
  return node;
}
