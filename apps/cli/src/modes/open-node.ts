/** A node in this process, as the flags want it. */
import { streamConsole } from "../console.ts";
import type { Invocation } from "../invocation.ts";
import { openLog } from "../log.ts";
import type { RunningNode } from "../node-access.ts";
import { oneLine } from "../print/text.ts";
import type { World } from "../world.ts";

/** Says on the way what is amiss without being in the way: to a person at a prompt, or in the log of a daemon. */
export async function openNode(world: World, invocation: Invocation): Promise<RunningNode> {
  const { dataDirectory, listen, types, web, clusters } = invocation;
  const log = invocation.log && openLog(world, invocation.log);
  const node = await world.node.open({
    dataDirectory,
    typeModules: types,
    ...(log === undefined ? {} : { log }),
    ...(listen === undefined ? {} : { listen }),
    ...(web === undefined ? {} : { web }),
    ...(clusters === undefined ? {} : { clusters }),
  });
  const console = streamConsole(world, invocation.color);
  for (const warning of node.warnings) {
    if (log !== undefined) log("warn", "warning", { text: warning });
    else console.err(`${console.paintError("warning", "warning:")} ${oneLine(warning)}`);
  }
  return node;
}
