/** What is done to connections between members, and between clients and members. */
import type { ChaosWorld } from "../chaos-world.ts";
import { CLIENTS, type LinkState } from "../network/link-table.ts";
import type { Draw, Fault } from "./fault.ts";
import { release, takeTarget } from "./target.ts";

const SHUT: readonly LinkState[] = ["held", "cut"];

/** One member hears and reaches no other; clients reach it still. */
export const isolate: Fault = {
  name: "isolate",
  weight: 4,
  begin: (world, draw) =>
    partition(world, draw, (name, others) => others.map((other) => [name, other, "both"])),
};

/** One member is not heard, or does not hear. */
export const oneWay: Fault = {
  name: "one-way",
  weight: 3,
  begin: (world, draw) => {
    const isMute = draw.pick(2) === 0;
    return partition(world, draw, (name, others) => {
      return others.map((other) => (isMute ? [name, other, "one-way"] : [other, name, "one-way"]));
    });
  },
};

/** Two do not reach each other, while all others reach both. */
export const bridge: Fault = {
  name: "bridge",
  weight: 2,
  begin: (world, draw) => {
    const at = draw.pick(60);
    return partition(world, draw, (name, others) => [[name, others[at % others.length]!, "both"]]);
  },
};

type Way = readonly [from: string, to: string, direction: "both" | "one-way"];

async function partition(
  world: ChaosWorld,
  draw: Draw,
  waysOf: (name: string, others: readonly string[]) => readonly Way[],
): Promise<(() => Promise<void>) | undefined> {
  const state = SHUT[draw.pick(2)]!;
  const member = await takeTarget(world, draw);
  if (member === undefined) return undefined;
  const others = world.members.map(({ name }) => name).filter((name) => name !== member.name);
  const ways = waysOf(member.name, others);
  const text = ways
    .map(([from, to, direction]) => `${from} ${direction === "both" ? "<>" : ">"} ${to}`)
    .join(", ");
  world.note(`${state}: ${text}`);
  for (const [from, to, direction] of ways) world.network.set(from, to, state, direction);
  return async () => {
    world.note(`open: ${text}`);
    for (const [from, to, direction] of ways) world.network.set(from, to, "open", direction);
    release(world, member);
  };
}

/** Clients do not reach a member, or its answers do not reach them. */
export const clientsAway: Fault = {
  name: "clients-away",
  weight: 3,
  async begin(world, draw) {
    const state = SHUT[draw.pick(2)]!;
    const direction = draw.pick(2) === 0 ? "both" : "one-way";
    const member = await takeTarget(world, draw);
    if (member === undefined) return undefined;
    world.note(`${state}: ${member.name} ${direction === "both" ? "<>" : ">"} clients`);
    world.network.set(member.name, CLIENTS, state, direction);
    return async () => {
      world.note(`open: ${member.name} clients`);
      world.network.set(member.name, CLIENTS, "open", direction);
      release(world, member);
    };
  },
};

/** All connections of a member are reset, once. */
export const reset: Fault = {
  name: "reset",
  weight: 3,
  async begin(world, draw) {
    const member = await takeTarget(world, draw);
    if (member === undefined) return undefined;
    release(world, member);
    world.note(`reset the connections of ${member.name}`);
    world.network.reset(member.name);
    return async () => undefined;
  },
};
