/**
 * A disk that is nearly full while its node is killed. What was acknowledged stays, what was refused for want of room is
 * not there, and with some room again all goes on. The world's directory must be a small file system of its own.
 */
import { rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { checkStore } from "../check-store.ts";
import type { CrashNode } from "../crash-node.ts";
import { CrashFault } from "../fault.ts";
import { KeyValues } from "../key-values.ts";
import { drawMoment, drawStartMoment, KillSwitch } from "../kill-switch.ts";
import { nextPut, write } from "../load.ts";
import type { Scenario } from "../scenario.ts";
import { createRoot } from "../stores.ts";
import type { World } from "../world.ts";

/** Of the file system. */
export const FULL_DISK_BYTES = 24 << 20;
const BALLAST_BYTES = 512 << 10;
/** What is left to the node at first. */
const ROOM_BYTES = 3 << 20;

export const fullDisk: Scenario = { name: "full-disk", run };

async function run(world: World): Promise<void> {
  const ballast = new Ballast(world);
  const node = world.node("node");
  await node.start();
  const store = await createRoot(node);
  const values = await KeyValues.of(node, store);
  const writers = world.newWriters(node, 8);
  ballast.fill();
  while (world.hasKillsLeft && !ballast.isGone) {
    const kill = new KillSwitch(world, {
      victims: [node],
      moment: drawMoment(world, { answers: 200, changes: 300, ms: 300 }),
      what: "writing to a disk that is nearly full",
    }).arm();
    const refusals = await write({
      writers,
      values,
      next: (writer) => nextPut(world, writer),
      kill,
      refusal: "disk-full",
    });
    await kill.done();
    world.note(`${refusals} writes were refused`);
    while (world.chance(25)) await node.startKilled(drawStartMoment(world));
    await startWithRoom(node, ballast);
    await checkStore(world, { node, store, writers, verify: world.chance(20) });
    if (refusals === writers.length) ballast.remove();
  }
  while (!ballast.isGone) ballast.remove();
  await write({
    writers,
    values,
    next: (writer) => nextPut(world, writer),
    count: 50,
  });
  await checkStore(world, { node, store, writers, verify: true });
}

/** A node that has no room for its first few bytes says so. */
async function startWithRoom(node: CrashNode, ballast: Ballast): Promise<void> {
  for (;;) {
    try {
      return await node.start();
    } catch (error) {
      const isFull =
        error instanceof CrashFault && error.findings.some((line) => /disk is full|no room/.test(line));
      if (!isFull || ballast.isGone) throw error;
      ballast.remove();
    }
  }
}

class Ballast {
  readonly #world: World;
  readonly #files: string[] = [];

  constructor(world: World) {
    this.#world = world;
  }

  get isGone(): boolean {
    return this.#files.length === 0;
  }

  fill(): void {
    for (;;) {
      const { bavail, bsize } = statfsSync(this.#world.directory);
      if (bavail * bsize < ROOM_BYTES + BALLAST_BYTES) return;
      const path = join(this.#world.directory, `ballast-${this.#files.length}`);
      writeFileSync(path, new Uint8Array(BALLAST_BYTES));
      this.#files.push(path);
    }
  }

  remove(): void {
    const path = this.#files.pop();
    if (path === undefined) return;
    rmSync(path);
    this.#world.note(`${BALLAST_BYTES} bytes more room`);
  }
}
