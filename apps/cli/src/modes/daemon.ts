/** `lattice --daemon`: a node until somebody says stop. */
import { toHex } from "@lattice/model";
import { streamConsole } from "../console.ts";
import type { Invocation } from "../invocation.ts";
import { aborted, stopOnSignal } from "../signals.ts";
import type { World } from "../world.ts";
import { openNode } from "./open-node.ts";

const SHORT_KEY_DIGITS = 8;

export async function runDaemon(world: World, invocation: Invocation): Promise<number> {
  using stopping = stopOnSignal(world);
  const node = await openNode(world, invocation);
  try {
    const { publicKey } = await node.client.node.getStatus({});
    const name = toHex(publicKey).slice(0, SHORT_KEY_DIGITS);
    const link = node.web?.link();
    const lines = invocation.json
      ? [JSON.stringify({ node: toHex(publicKey), data: node.dataDirectory, web: link })]
      : [
          `lattice: node ${name} ready, data ${node.dataDirectory}`,
          ...(link === undefined ? [] : [`lattice: web ${link}`]),
        ];
    // Who waits for the first of them, such as by `| head -1`, wants the node to run.
    world.outliveReader();
    for (const line of lines) streamConsole(world).out(line);
    await aborted(stopping.signal);
  } finally {
    await node.close();
  }
  return 0;
}
