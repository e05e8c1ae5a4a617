/**
 * `store rebuild` is killed. A sound log keeps everything; of one with damaged records nothing is lost that a peer has,
 * and the node does not fork itself for not knowing what it had lost.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join as pathOf } from "node:path";
import { checkStore, expectConverged } from "../check-store.ts";
import type { CrashNode } from "../crash-node.ts";
import { expectNone } from "../fault.ts";
import { KeyValues } from "../key-values.ts";
import { drawMoment, drawStartMoment, KillSwitch, type Moment } from "../kill-switch.ts";
import { expectKilled, nextPut, write, writeOnce } from "../load.ts";
import type { Scenario } from "../scenario.ts";
import { createRoot, invite, join } from "../stores.ts";
import type { World } from "../world.ts";
import type { Writer } from "../writer.ts";

export const rebuild: Scenario = {
  name: "rebuild",
  run: (world) => (world.chance(50) ? sound(world) : damaged(world)),
};

async function sound(world: World): Promise<void> {
  const node = world.node("node");
  await node.start();
  const store = await createRoot(node);
  const values = await KeyValues.of(node, store);
  const writers = world.newWriters(node, 8);
  const next = (writer: Writer) => nextPut(world, writer);
  await write({
    writers,
    values,
    next,
    count: world.amount([20, 400, 3_000]),
  });
  while (world.hasKillsLeft) {
    await rebuildKilled(world, node, store);
    await checkStore(world, { node, store, writers, verify: true });
    await writeOnce({ writers, values, next });
  }
}

async function damaged(world: World): Promise<void> {
  const [node, peer] = [world.node("node"), world.node("peer")];
  await Promise.all([node.start(), peer.start()]);
  const store = await createRoot(node);
  await join(peer, await invite(node, store));
  const own = world.newWriters(node, 8);
  const theirs = world.newWriters(peer, 4);
  const next = (writer: Writer) => nextPut(world, writer);
  while (world.hasKillsLeft) {
    const count = world.amount([30, 300, 1_000]);
    await write({ writers: own, values: await KeyValues.of(node, store), next, count });
    await write({ writers: theirs, values: await KeyValues.of(peer, store), next, count: 30 });
    await expectConverged(world, [node, peer], store);
    await node.stop();
    // Mostly nobody gives back what is lost before it is looked at.
    const isAlone = world.chance(70);
    if (isAlone) await peer.stop();
    damage(world, { node, store, writers: own });
    await node.start();
    for (let kills = 0; kills < 1 + world.below(3); kills++) {
      await rebuildKilled(world, node, store);
      if (world.chance(60)) await tryToWrite(world, { node, store, writers: own, next });
    }
    await rebuildToTheEnd(node, store);
    await tryToWrite(world, { node, store, writers: own, next });
    if (isAlone) await peer.start();
    await expectConverged(world, [node, peer], store);
    for (const each of [node, peer]) {
      await checkStore(world, { node: each, store, writers: world.writers, verify: true });
    }
    await writeOnce({ writers: own, values: await KeyValues.of(node, store), next });
  }
}

async function rebuildKilled(world: World, node: CrashNode, store: string): Promise<void> {
  const kill = new KillSwitch(world, {
    victims: [node],
    moment: drawRebuildMoment(world),
    what: "a rebuild",
  }).arm();
  await rebuildToTheEnd(node, store).catch((error: unknown) => expectKilled(error, kill));
  await kill.done();
  while (world.chance(25)) await node.startKilled(drawStartMoment(world));
  await node.start();
}

/** Often when the new log is put in the place of the old one, for then much else is yet to be done. */
function drawRebuildMoment(world: World): Moment {
  if (world.chance(35))
    return { kind: "rename", file: world.oneOf(["log.db", "log.db", "state.db"]), count: 1 };
  return drawMoment(world, { changes: 80, ms: 300 });
}

async function rebuildToTheEnd(node: CrashNode, store: string): Promise<void> {
  await node.answer("rebuild", (client, signal) => client.store.rebuild({ store }, { signal }));
}

interface Attempt {
  readonly node: CrashNode;
  readonly store: string;
  readonly writers: readonly Writer[];
  readonly next: (writer: Writer) => ReadonlyMap<string, string | undefined>;
}

/** A node that knows that it has lost something may refuse; what it accepts it must be able to keep. */
async function tryToWrite(world: World, { node, store, writers, next }: Attempt): Promise<void> {
  const answers: string[] = [];
  for (const writer of writers.filter(({ hasPending }) => !hasPending)) {
    const change = next(writer);
    writer.begin(change);
    try {
      writer.acknowledge(await (await KeyValues.of(node, store)).write(change));
      answers.push("acknowledged");
    } catch (error) {
      answers.push((error as Error).message);
    }
  }
  world.note(`${node.name} tries to write: ${[...new Set(answers)].join("; ")}`);
}

interface Damage {
  readonly node: CrashNode;
  readonly store: string;
  readonly writers: readonly Writer[];
}

/** So many of a writer's last: not more than can float while what they stand on is missing. */
const DAMAGED_BACK_MAX = 100;

/** Changes some bytes of one or a few records: the last of all, on which nothing stands, or some before it. */
function damage(world: World, { node, store, writers }: Damage): void {
  const stores = pathOf(node.directory, "stores");
  const folder = readdirSync(stores).find((name) => name.replaceAll("-", "") === store)!;
  const file = pathOf(stores, folder, "intentions", "log.db");
  const bytes = readFileSync(file);
  for (const text of drawRecords(world, writers)) {
    const places: number[] = [];
    for (let at = bytes.indexOf(text); at >= 0; at = bytes.indexOf(text, at + 1)) places.push(at);
    expectNone("what was written is not in the log", places.length === 0 ? [text] : []);
    for (const at of places) bytes.fill("X", at, at + 6);
    world.note(`${places.length} places with "${text}" are damaged`);
  }
  writeFileSync(file, bytes);
}

/** Texts that stand in them. */
function drawRecords(world: World, writers: readonly Writer[]): string[] {
  const all = writers.flatMap(({ acknowledged }) => acknowledged.slice(-DAMAGED_BACK_MAX));
  const last = all.reduce((a, b) => (b.order > a.order ? b : a));
  const drawn = world.chance(50)
    ? [last]
    : Array.from({ length: world.oneOf([1, 3]) }, () => world.oneOf(all));
  return [...new Set(drawn)].map(({ change }) => [...change.values()][0]!.slice(0, 40));
}
