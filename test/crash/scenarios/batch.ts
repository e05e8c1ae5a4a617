/** Batches: all of one or nothing of it, whatever its size. */
import { drawText } from "../load.ts";
import type { Scenario } from "../scenario.ts";
import type { World } from "../world.ts";
import type { Change, Writer } from "../writer.ts";
import { writeAndKill } from "./put.ts";

const GROUP_KEYS = 6;
const NEW_KEYS_MAX = 40;

export const batch: Scenario = { name: "batch", run: (world) => writeAndKill(world, nextBatch) };

/** A counter in a group of keys, new keys, and those of the batch before the last are removed. */
function nextBatch(world: World, writer: Writer): Change {
  const at = writer.begunCount;
  const change = new Map<string, string | undefined>();
  for (let key = 0; key < GROUP_KEYS; key++) change.set(`${writer.prefix}group/${key}`, `${at}`);
  // As many as there can be of an older batch: removing what is not there is nothing.
  if (at >= 2)
    for (let key = 0; key < NEW_KEYS_MAX; key++) change.set(`${writer.prefix}${at - 2}/${key}`, undefined);
  const count = world.upTo(NEW_KEYS_MAX);
  const text = drawText(world).slice(0, 20_000);
  for (let key = 0; key < count; key++) change.set(`${writer.prefix}${at}/${key}`, text);
  return change;
}
