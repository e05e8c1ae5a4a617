/** Root and child stores are created. After a kill each store that is listed can be used, and a child that is told of is there. */
import { checkStore, expectOpen } from "../check-store.ts";
import type { CrashNode } from "../crash-node.ts";
import { expectNone } from "../fault.ts";
import { KeyValues } from "../key-values.ts";
import { drawMoment, drawStartMoment, KillSwitch } from "../kill-switch.ts";
import { expectKilled, nextPut, writeOnce } from "../load.ts";
import type { Scenario } from "../scenario.ts";
import { createStore, listStores, type ListedStore } from "../stores.ts";
import { readLog } from "../witness-log.ts";
import type { World } from "../world.ts";
import type { Writer } from "../writer.ts";

export const create: Scenario = { name: "create", run };

const AT_ONCE_MAX = 4;

interface Wanted {
  readonly name: string;
  /** Empty for a root store. */
  readonly parent: string;
}

async function run(world: World): Promise<void> {
  const node = world.node("node");
  const wanted: Wanted[] = [];
  const created = new Map<string, Wanted>();
  const writers = new Map<string, Writer[]>();
  await node.start();
  while (world.hasKillsLeft) {
    await createUntilKilled(world, { node, wanted, created });
    while (world.chance(30)) await node.startKilled(drawStartMoment(world));
    await node.start();
    await expectStores(world, { node, wanted, created });
    for (const { id } of await listStores(node)) {
      if (!writers.has(id)) writers.set(id, world.newWriters(node, 1));
      const own = writers.get(id)!;
      await checkStore(world, { node, store: id, writers: own, verify: !world.hasKillsLeft });
      const next = (writer: Writer) => nextPut(world, writer);
      if (world.chance(50)) await writeOnce({ writers: own, values: await KeyValues.of(node, id), next });
    }
  }
}

interface Creation {
  readonly node: CrashNode;
  readonly wanted: Wanted[];
  readonly created: Map<string, Wanted>;
}

async function createUntilKilled(world: World, { node, wanted, created }: Creation): Promise<void> {
  const listed = await listStores(node);
  const kill = new KillSwitch(world, {
    victims: [node],
    moment: drawMoment(world, { answers: AT_ONCE_MAX, changes: 60, ms: 80 }),
    what: "creating stores",
  }).arm();
  const one = async (): Promise<void> => {
    const parent = listed.length === 0 || world.chance(30) ? "" : world.oneOf(listed).id;
    const name = `store-${wanted.length}`;
    const store = { name, parent };
    wanted.push(store);
    const id = await createStore(node, store).catch((error: unknown) => expectKilled(error, kill));
    if (id === undefined) return;
    created.set(id, store);
    kill.answered();
  };
  await Promise.all(Array.from({ length: 1 + world.below(AT_ONCE_MAX) }, one));
  await kill.done();
}

async function expectStores(world: World, { node, wanted, created }: Creation): Promise<void> {
  await expectOpen(node);
  const listed = await listStores(node);
  const byId = new Map(listed.map((store) => [store.id, store]));
  const isAs = ({ name, parent }: Wanted, store: ListedStore | undefined) =>
    store?.name === name && store.parent === parent;
  expectNone(
    "stores that were acknowledged are not there, or not as they were",
    [...created].flatMap(([id, store]) =>
      isAs(store, byId.get(id)) ? [] : [`${id} ${JSON.stringify(store)}: ${JSON.stringify(byId.get(id))}`],
    ),
  );
  // A root is there before it has its name.
  const mayBe = (store: ListedStore) =>
    wanted.some((each) => isAs(each, store)) || (store.parent === "" && store.name === "");
  expectNone(
    "stores that nobody wanted",
    listed.filter((store) => !mayBe(store)).map((store) => JSON.stringify(store)),
  );
  const names = listed.map(({ name }) => name).filter((name) => name !== "");
  expectNone("stores that are there twice", names.length === new Set(names).size ? [] : names);
  for (const parent of listed) await expectChildren(node, { parent, listed });
  world.note(`${listed.length} stores are as they must be, of ${wanted.length} wanted`);
}

/** Each that the parent tells of. */
async function expectChildren(
  node: CrashNode,
  { parent, listed }: { parent: ListedStore; listed: readonly ListedStore[] },
): Promise<void> {
  const log = await readLog(node, parent.id);
  const told = log.flatMap(({ summary }) => /^add child (.*)$/.exec(summary)?.[1] ?? []);
  const here = listed.filter((store) => store.parent === parent.id).map(({ name }) => name);
  expectNone(
    `${parent.id.slice(0, 8)} tells of other children than there are`,
    told.toSorted().join() === here.toSorted().join() ? [] : [`told: ${told.join()}`, `here: ${here.join()}`],
  );
}
