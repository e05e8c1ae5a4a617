/** Makes what a plan says happen. What makes no sense at the moment is passed over. */
import { attack } from "../byzantine/attack.ts";
import type { World } from "../world.ts";
import type { Action } from "./action.ts";
import { performDeed } from "./deeds.ts";
import { performMachineFault } from "./machine-faults.ts";
import { performNetworkFault } from "./network-faults.ts";

export function perform(world: World, action: Action): void {
  const { kind } = action;
  world.trace.count(`action ${kind}`);
  world.begin(performAny(world, action));
}

async function performAny(world: World, action: Action): Promise<void> {
  switch (action.kind) {
    case "write":
    case "create":
    case "join":
    case "sync":
    case "verify":
      return performDeed(world, action);
    case "partition":
    case "weather":
    case "bad-way":
    case "storm":
      return performNetworkFault(world, action);
    case "attack":
      return attack(world, action);
    default:
      return performMachineFault(world, action);
  }
}
