/**
 * Two nodes that both write; either or both are killed while they exchange what they have. A node that sent an intention
 * before it was durable would write another one in its place and so fork itself.
 */
import { checkStore, expectConverged } from "../check-store.ts";
import type { CrashNode } from "../crash-node.ts";
import { KeyValues } from "../key-values.ts";
import { drawMoment, drawStartMoment, KillSwitch } from "../kill-switch.ts";
import { expectKilled, nextPut, write, writeOnce } from "../load.ts";
import type { Scenario } from "../scenario.ts";
import { createRoot, invite, join } from "../stores.ts";
import type { World } from "../world.ts";
import type { Writer } from "../writer.ts";

export const sync: Scenario = { name: "sync", run };

interface Side {
  readonly node: CrashNode;
  readonly values: KeyValues;
  readonly writers: readonly Writer[];
}

interface Pair {
  readonly store: string;
  readonly sides: readonly [Side, Side];
}

async function run(world: World): Promise<void> {
  const pair = await startPair(world);
  while (world.hasKillsLeft) {
    const phase = world.oneOf([killWhileBothWrite, killAfterAbsence, killAfterAbsence]);
    const { pending } = await phase(world, pair);
    await comeBack(world, pair);
    await pending;
    if (world.chance(50) || !world.hasKillsLeft) await expectSame(world, pair);
  }
}

async function startPair(world: World): Promise<Pair> {
  const [a, b] = [world.node("a"), world.node("b")];
  await Promise.all([a.start(), b.start()]);
  const store = await createRoot(a);
  await join(b, await invite(a, store));
  const side = async (node: CrashNode): Promise<Side> => ({
    node,
    values: await KeyValues.of(node, store),
    writers: world.newWriters(node, world.oneOf([1, 4, 8])),
  });
  return { store, sides: [await side(a), await side(b)] };
}

interface Phase {
  /** A call that may wait for a node which was killed, until that is back or is given up. */
  readonly pending?: Promise<unknown>;
}

/** What is written is pushed at once, in both directions. */
async function killWhileBothWrite(world: World, { sides }: Pair): Promise<Phase> {
  const kill = new KillSwitch(world, {
    victims: drawVictims(world, sides),
    moment: drawMoment(world, { answers: world.amount([20, 300]), changes: 200, ms: 300 }),
    what: "writing on both sides",
  }).arm();
  await Promise.all(sides.map((side) => load(world, { side, kill })));
  await kill.done();
  return {};
}

/** One or both have something to send when they meet again, and one or both are killed then. */
async function killAfterAbsence(world: World, { store, sides }: Pair): Promise<Phase> {
  const count = world.amount([50, 300, 1_000]);
  const writing = world.oneOf([[0], [1], [0, 1]] as const);
  for (const side of sides) await side.node.stop();
  for (const at of writing) {
    await sides[at].node.start();
    await load(world, { side: sides[at], count });
    await sides[at].node.stop();
  }
  world.note(`${writing.map((at) => sides[at].node.name).join(" and ")} wrote ${count} alone`);
  await Promise.all(sides.map(({ node }) => node.start()));
  const of = world.oneOf(sides).node;
  const kill = new KillSwitch(world, {
    victims: drawVictims(world, sides),
    moment: drawMoment(world, { changes: 60, ms: 150, of }),
    what: "their meeting",
  }).arm();
  // In the course of this they find each other, if they have not yet.
  const syncing = sides[0].node
    .answer("sync", (client, signal) => client.store.sync({ store }, { signal }))
    .catch((error: unknown) => expectKilled(error, kill));
  const loading = world.chance(50) ? load(world, { side: world.oneOf(sides), kill }) : undefined;
  await Promise.race([syncing, kill.fired]);
  await kill.done();
  await loading;
  return { pending: syncing };
}

interface Load {
  readonly side: Side;
  readonly kill?: KillSwitch;
  readonly count?: number;
}

async function load(world: World, { side, ...until }: Load): Promise<void> {
  const { writers, values } = side;
  await write({ writers, values, next: (writer) => nextPut(world, writer), ...until });
}

function drawVictims(world: World, [a, b]: readonly [Side, Side]): readonly CrashNode[] {
  return world.oneOf([[a.node], [b.node], [a.node, b.node]]);
}

/** Each looks at its own and goes on writing before it has met the other again, or as soon as it has. */
async function comeBack(world: World, { store, sides }: Pair): Promise<void> {
  for (const { node, values, writers } of sides) {
    const wasKilled = !node.isRunning;
    while (!node.isRunning && world.chance(25)) await node.startKilled(drawStartMoment(world));
    if (wasKilled) await node.start();
    const others = world.writers.filter((writer) => !writers.includes(writer));
    await checkStore(world, { node, store, writers, others, verify: world.chance(10) });
    const next = (writer: Writer) => nextPut(world, writer);
    if (wasKilled) await writeOnce({ writers, values, next });
  }
}

async function expectSame(world: World, { store, sides }: Pair): Promise<void> {
  await expectConverged(
    world,
    sides.map(({ node }) => node),
    store,
  );
  for (const { node } of sides) {
    await checkStore(world, { node, store, writers: world.writers, verify: world.chance(30) });
  }
}
