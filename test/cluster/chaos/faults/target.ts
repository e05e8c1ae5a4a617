/** Whom something is done to: the leader as often as anybody. */
import type { MemberProcess } from "../../../../packages/testkit/src/clusters/index.ts";
import type { ChaosWorld } from "../chaos-world.ts";
import type { Draw } from "./fault.ts";

/** A member that runs and that nothing is done to yet; it is busy from now on. */
export async function takeTarget(world: ChaosWorld, draw: Draw): Promise<MemberProcess | undefined> {
  const [coin, at] = [draw.pick(2), draw.pick(60)];
  const leader = coin === 0 ? await world.cluster.maybeLeader() : undefined;
  const free = world.members.filter(({ name, isRunning }) => isRunning && !world.busy.has(name));
  const target = leader !== undefined && free.includes(leader) ? leader : free[at % Math.max(1, free.length)];
  if (target !== undefined) world.busy.add(target.name);
  return target;
}

export function release(world: ChaosWorld, ...members: readonly MemberProcess[]): void {
  for (const { name } of members) world.busy.delete(name);
}
