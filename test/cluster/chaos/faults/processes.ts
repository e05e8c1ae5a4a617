/** What is done to processes. */
import type { ChaosWorld } from "../chaos-world.ts";
import type { Draw, Fault } from "./fault.ts";
import { release, takeTarget } from "./target.ts";

export const kill: Fault = {
  name: "kill",
  weight: 5,
  async begin(world, draw) {
    const member = await takeTarget(world, draw);
    if (member === undefined) return undefined;
    world.note(`kill -9 ${member.name}`);
    await member.end("SIGKILL");
    return async () => {
      world.note(`start ${member.name}`);
      member.start();
      release(world, member);
    };
  },
};

export const killAll: Fault = {
  name: "kill-all",
  weight: 1,
  async begin(world) {
    const members = world.members.filter(({ name, isRunning }) => isRunning && !world.busy.has(name));
    if (members.length === 0) return undefined;
    for (const { name } of members) world.busy.add(name);
    world.note(`kill -9 ${members.map(({ name }) => name).join(" ")}`);
    await Promise.all(members.map((member) => member.end("SIGKILL")));
    return async () => {
      world.note(`start ${members.map(({ name }) => name).join(" ")}`);
      for (const member of members) member.start();
      release(world, ...members);
    };
  },
};

/** SIGTERM: a leader hands over before it ends. */
export const stop: Fault = {
  name: "stop",
  weight: 2,
  async begin(world, draw) {
    const member = await takeTarget(world, draw);
    if (member === undefined) return undefined;
    world.note(`stop ${member.name}`);
    await endGracefully(world, member.name);
    return async () => {
      world.note(`start ${member.name}`);
      member.start();
      release(world, member);
    };
  },
};

/** Who does not end when it is asked to is ended. */
const GRACE_MS = 15_000;

async function endGracefully(world: ChaosWorld, name: string): Promise<void> {
  const member = world.member(name)!;
  const guard = setTimeout(() => {
    world.faults.push(`${name} does not end within ${GRACE_MS} ms of SIGTERM`);
    void member.end("SIGKILL");
  }, GRACE_MS);
  await member.end("SIGTERM");
  clearTimeout(guard);
}

/** SIGSTOP: it stands still while its connections stay, and does not know of it afterwards. */
export const pause: Fault = {
  name: "pause",
  weight: 4,
  async begin(world: ChaosWorld, draw: Draw) {
    const member = await takeTarget(world, draw);
    if (member === undefined) return undefined;
    world.note(`pause ${member.name}`);
    member.pause();
    return async () => {
      world.note(`resume ${member.name}`);
      member.resume();
      release(world, member);
    };
  },
};
