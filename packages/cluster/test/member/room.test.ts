import { tmpdir } from "node:os";
import { expect, test } from "vitest";
import { RoomWatch } from "../../src/member/room-watch.ts";
import { StateSize } from "../../src/member/state-size.ts";

interface World {
  /** What the alarm was turned to, one after the other. */
  readonly turned: boolean[];
  isRaised: boolean;
  used: number;
}

function watch(world: World, reserveBytes: number): RoomWatch {
  const storage = { size: () => ({ file: world.used, used: world.used }), bytesPending: () => 0 };
  const machine = { storage } as unknown as ConstructorParameters<typeof StateSize>[0]["machine"];
  return new RoomWatch({
    directory: tmpdir(),
    size: new StateSize({ machine, quotaBytes: 1_000, exceeded: () => {} }),
    isRaised: () => world.isRaised,
    turn: async (isOn) => {
      world.turned.push(isOn);
      world.isRaised = isOn;
    },
    log: () => {},
    reserveBytes,
  });
}

test("where the disk has less than the reserve the alarm is raised, once, and ends by itself when there is room", async () => {
  const world: World = { turned: [], isRaised: false, used: 0 };
  const short = watch(world, Infinity);
  await short.look();
  await short.look();
  expect(world.turned).toEqual([true]);
  short.close();
  // As after a restart: what it was raised for is not known, but the quota it was not.
  const plenty = watch(world, 1);
  await plenty.look();
  await plenty.look();
  expect(world.turned).toEqual([true, false]);
  plenty.close();
});

test("an alarm that somebody raised, or that the quota did, stays until somebody ends it", async () => {
  const world: World = { turned: [], isRaised: false, used: 0 };
  const room = watch(world, 1);
  world.isRaised = true;
  await room.look();
  expect(world.turned).toEqual([]);
  world.isRaised = false;
  world.used = 2_000;
  room.exceeded();
  await room.look();
  world.used = 0;
  await room.look();
  expect(world.turned).toEqual([true]);
  room.close();
  const full: World = { turned: [], isRaised: true, used: 2_000 };
  const again = watch(full, 1);
  await again.look();
  expect(full.turned).toEqual([]);
  again.close();
});
