/** What befalls the network. */
import type { World } from "../world.ts";
import type { NetworkFault } from "./action.ts";

export async function performNetworkFault(world: World, fault: NetworkFault): Promise<void> {
  const { network } = world;
  const names = world.machines.map(({ name }) => name);
  switch (fault.kind) {
    case "partition":
      return partition(world, fault);
    case "weather":
      network.setBase(fault.conditions);
      world.tell("network", `loses ${Math.round(fault.conditions.loss * 100)} % of packets`);
      world.queue.after(fault.forMs, "weather", () => network.setBase(world.plan.weather));
      return;
    case "bad-way": {
      const [from, to] = [names[fault.from], names[fault.to]];
      if (from === undefined || to === undefined) return;
      network.setConditions(from, to, fault.conditions);
      world.tell("network", `is slow from ${from} to ${to}`);
      world.queue.after(fault.forMs, "weather", () => network.setConditions(from, to, undefined));
      return;
    }
    case "storm":
      world.tell("network", "resets all connections");
      for (let time = 0; time < fault.times; time++) {
        world.queue.after(time * fault.everyMs, "storm", () => {
          if (world.isRepaired) return;
          for (const a of names) for (const b of names) if (a < b) network.reset(a, b);
        });
      }
  }
}

function partition(world: World, fault: NetworkFault & { kind: "partition" }): void {
  const { network, machines } = world;
  const ways: [string, string][] = [];
  machines.forEach((from, a) => {
    machines.forEach((to, b) => {
      const [sideOfA, sideOfB] = [fault.sides[a] ?? 0, fault.sides[b] ?? 0];
      const isBridged = a === fault.bridge || b === fault.bridge;
      const isCut = fault.oneWay ? sideOfA < sideOfB : sideOfA !== sideOfB;
      if (a !== b && isCut && !isBridged) ways.push([from.name, to.name]);
    });
  });
  const period = fault.forMs / (2 * fault.flaps - 1);
  for (let flap = 0; flap < fault.flaps; flap++) {
    world.queue.after(2 * flap * period, "partition", () => {
      world.tell("network", `is cut between ${fault.sides.join("")}${fault.oneWay ? ", one way" : ""}`);
      if (!world.isRepaired) for (const [from, to] of ways) network.cut(from, to);
    });
    world.queue.after((2 * flap + 1) * period, "heal", () => {
      world.tell("network", "is whole again");
      for (const [from, to] of ways) network.heal(from, to);
    });
  }
}
