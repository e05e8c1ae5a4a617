/** Full disks. */
import { setTimeout as delay } from "node:timers/promises";
import { calls, etcdserverpb as pb } from "../../../../packages/testkit/src/clusters/index.ts";
import type { Fault } from "./fault.ts";
import { release, takeTarget } from "./target.ts";

const LAST_WORDS_MS = 2_000;

/** A member's disk is full for a while. It may end; when there is room it must go on. */
export const fullDisk: Fault = {
  name: "full-disk",
  weight: 2,
  async begin(world, draw) {
    const { disks } = world;
    if (disks === undefined) return undefined;
    const member = await takeTarget(world, draw);
    if (member === undefined) return undefined;
    world.note(`fill the disk of ${member.name}`);
    disks.fill(member.name);
    world.heavyLoad.start();
    return async () => {
      world.heavyLoad.stop();
      disks.free(member.name);
      world.note(
        `free the disk of ${member.name}, which ${member.isRunning ? "runs" : `has ended: ${member.ending}`}`,
      );
      // What could not begin, or not go on, says so and ends, perhaps only now.
      await Promise.race([member.ended(), delay(LAST_WORDS_MS)]);
      if (!member.isRunning && typeof member.ending !== "number") {
        world.faults.push(`${member.name} did not end in an orderly way on a full disk: ${member.ending}`);
      }
      if (!member.isRunning) member.start();
      release(world, member);
      // What an operator does once there is room.
      const disarm = { action: pb.AlarmRequest_AlarmAction.DEACTIVATE, alarm: pb.AlarmType.NOSPACE };
      await world.ask((client) => client.call(calls.alarm, disarm, { deadlineMs: 2_000 }));
    };
  },
};
