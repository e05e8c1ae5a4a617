/**
 * A guest joins a store with children; it or its host is killed meanwhile. Whatever was reached, the join can be had with
 * the same invite in the end, both agree about every store, and both can write.
 */
import { rmSync } from "node:fs";
import { join as pathOf } from "node:path";
import { checkStore, expectConverged } from "../check-store.ts";
import type { CrashNode } from "../crash-node.ts";
import { CrashFault, expectNone } from "../fault.ts";
import { KeyValues } from "../key-values.ts";
import { drawMoment, drawStartMoment, KillSwitch } from "../kill-switch.ts";
import { nextPut, write, writeOnce } from "../load.ts";
import type { Scenario } from "../scenario.ts";
import { createRoot, createStore, invite, join, listStores } from "../stores.ts";
import type { World } from "../world.ts";
import type { Writer } from "../writer.ts";

export const joinStore: Scenario = { name: "join", run };

/** Both nodes' writers of one store. */
interface Shared {
  readonly id: string;
  readonly host: readonly Writer[];
  readonly guest: readonly Writer[];
}

async function run(world: World): Promise<void> {
  const [host, guest] = [world.node("host"), world.node("guest")];
  await host.start();
  const root = await createRoot(host);
  const child = await createStore(host, { name: "child", parent: root });
  const ids = [root, child, await createStore(host, { name: "grandchild", parent: child })];
  const stores = ids.map((id) => ({
    id,
    host: world.newWriters(host, 2),
    guest: world.newWriters(guest, 2),
  }));
  for (const { id, host: writers } of stores) {
    const values = await KeyValues.of(host, id);
    const count = world.amount([10, 200, 1_500]);
    await write({ writers, values, next: (writer) => nextPut(world, writer), count });
  }
  if (world.chance(30)) await guest.startKilled(drawStartMoment(world));
  await guest.start();
  while (world.hasKillsLeft) {
    const token = await invite(host, root);
    for (let attempt = 0; attempt < 1 + world.below(3); attempt++)
      await joinKilled(world, { host, guest, token });
    await joinToTheEnd(world, guest, token);
    for (const shared of stores) await expectShared(world, { host, guest, shared });
    if (world.hasKillsLeft) await beginAnew(world, guest);
  }
}

interface Joining {
  readonly host: CrashNode;
  readonly guest: CrashNode;
  readonly token: string;
}

async function joinKilled(world: World, { host, guest, token }: Joining): Promise<void> {
  const [victims, of] = world.oneOf([
    [[guest], guest],
    [[guest], guest],
    [[host], guest],
    [[host], host],
    [[host, guest], guest],
  ] as const);
  const kill = new KillSwitch(world, {
    victims,
    moment: drawMoment(world, { answers: 4, changes: 80, ms: 250, of }),
    what: "a join",
  }).arm();
  let failure: unknown;
  await join(guest, token, () => kill.answered()).catch((error: unknown) => (failure = error));
  const wasCut = kill.isFired;
  await kill.done();
  if (failure !== undefined)
    expectPassing(failure, { wasCut, isGuestKilled: victims.some((victim) => victim === guest) });
  if (failure !== undefined) world.note(`the join has failed: ${(failure as Error).message}`);
  for (const node of victims) {
    while (world.chance(25)) await node.startKilled(drawStartMoment(world));
    await node.start();
  }
}

/** Cut off, or in words of the guest that say that it may be had later: it may still believe in a host that is no more. */
function expectPassing(failure: unknown, how: { wasCut: boolean; isGuestKilled: boolean }): void {
  const { code, message } = failure as { code?: string; message: string };
  const isCutOff = how.wasCut && how.isGuestKilled && code === "closed";
  expectNone("a join has failed", code === "unavailable" || isCutOff ? [] : [`${code}: ${message}`]);
}

const ATTEMPTS_MAX = 4;

/** It may have to be tried again, or may go on by itself, where a connection was to a node that is no more. */
async function joinToTheEnd(world: World, guest: CrashNode, token: string): Promise<void> {
  const failures: string[] = [];
  while (failures.length < ATTEMPTS_MAX) {
    try {
      return await join(guest, token);
    } catch (error) {
      const { code, message } = error as { code?: string; message: string };
      world.note(`the join must be tried again: ${message}`);
      failures.push(`${code}: ${message}`);
      if (message.startsWith("joined, but ")) return undefined;
      if (code !== "unavailable") break;
    }
  }
  throw new CrashFault("the join cannot be had", failures);
}

const LOOKS_MAX = 50;

/** Children come by themselves, some time after their parents. */
async function expectShared(
  world: World,
  { host, guest, shared: { id, ...writers } }: { host: CrashNode; guest: CrashNode; shared: Shared },
): Promise<void> {
  for (let look = 0; look < LOOKS_MAX; look++) {
    const listed = await listStores(guest);
    if (listed.some((store) => store.id === id)) break;
    for (const { id: parent } of listed) {
      await guest.answer("sync", (client, signal) => client.store.sync({ store: parent }, { signal }));
    }
  }
  await expectConverged(world, [guest, host], id);
  const all = [...writers.host, ...writers.guest];
  for (const node of [guest, host]) {
    await checkStore(world, { node, store: id, writers: all, verify: world.chance(20) });
  }
  const next = (writer: Writer) => nextPut(world, writer);
  await writeOnce({ writers: writers.guest, values: await KeyValues.of(guest, id), next });
  await writeOnce({ writers: writers.host, values: await KeyValues.of(host, id), next });
  await expectConverged(world, [guest, host], id);
  for (const node of [guest, host]) {
    await checkStore(world, { node, store: id, writers: all, verify: false });
  }
}

/** The same member with nothing but its key: it joins again. */
async function beginAnew(world: World, guest: CrashNode): Promise<void> {
  await guest.stop();
  for (const name of ["stores", "meta.db", "meta.db-lock", "meta.journal"]) {
    rmSync(pathOf(guest.directory, name), { recursive: true, force: true });
  }
  world.note("guest begins anew");
  await guest.start();
}
