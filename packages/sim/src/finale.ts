/**
 * After the faults: everything is repaired, and then everything has to come right within a number of rounds. A round is
 * the time after which two nodes compare what they hold (weaver.md §6).
 */
import { bytesKey, equalBytes, parentsOf, toHex, type Intention, type PubKey } from "@lattice/model";
import { verifyStore, type Floating, type Store } from "@lattice/kernel";
import { mayAdminister, mayWrite, Role } from "@lattice/systemstore";
import { checkUnauthorised, naiveRolesEver } from "./checks/unauthorised.ts";
import type { Machine } from "./machine.ts";
import { join } from "./plan/deeds.ts";
import { mend } from "./plan/machine-faults.ts";
import { startMachine, stopMachine } from "./plan/machine-life.ts";
import { settled } from "./scheduler.ts";
import { EPOCH_MS } from "./sim-clock.ts";
import { Violation } from "./violation.ts";
import type { World, WorldStore } from "./world.ts";

const ROUND_MS = 30_000;
/** A pause between two dials is 60 s at the most, so each round of comparison may be preceded by two of waiting. */
const ROUNDS_MAX = 40;
/** A timestamp further ahead than this is not accepted yet (weaver.md §3). */
const AHEAD_MS_MAX = 5 * 60_000;
const LOOK_EVERY_MS = 5_000;

/** Gives the number of rounds that it took. */
export async function finale(world: World): Promise<number> {
  repair(world);
  const from = world.nowMs;
  let cause = "";
  let patienceMs = ROUNDS_MAX * ROUND_MS;
  for (; world.nowMs - from < patienceMs; await run(world, LOOK_EVERY_MS)) {
    if (world.violation !== undefined) throw world.violation;
    // What is off is started, and what closed itself is opened again, as people would.
    await settle(world, Promise.all(world.honest.map((machine) => restart(world, machine))));
    await rejoin(world);
    // What was written by a clock that was ahead has to wait until its time has come.
    const aheadMs = mostAheadMs(world) - AHEAD_MS_MAX;
    if (aheadMs > 0) patienceMs = Math.max(patienceMs, world.nowMs - from + aheadMs + ROUNDS_MAX * ROUND_MS);
    cause = whatDiffers(world);
    if (cause === "") break;
  }
  if (cause !== "") throw new Violation("liveness", `after ${ROUNDS_MAX} rounds without faults ${cause}`);
  const rounds = Math.ceil((world.nowMs - from) / ROUND_MS);
  await check(world);
  return rounds;
}

function repair(world: World): void {
  world.tell("all", "is repaired");
  world.isRepaired = true;
  world.network.healAll();
  for (const [index, machine] of world.machines.entries()) {
    machine.disk.setFault("none");
    machine.disk.flushMs = [0.1, 2];
    machine.clockError.correct();
    // A copied disk goes on for as long as it is let; in the end there is one machine for each key.
    if (index >= world.plan.machineCount || world.isLiar(machine)) retire(world, machine);
  }
}

function retire(world: World, machine: Machine): void {
  if (machine.isOn) machine.crash({ machine: true });
  world.noteDeath(machine);
  machine.isGone = true;
  world.excuse(machine);
}

/** Also where a disk error has closed a store meanwhile. */
async function restart(world: World, machine: Machine): Promise<void> {
  const isWhole = machine.node?.entries().every(({ store }) => store !== undefined) ?? false;
  // A full disk is no reason for a store to stay closed.
  const mayBeBroken = machine.hadDiskFault || machine.isDamaged;
  if (machine.node !== undefined && !isWhole && mayBeBroken) await stopMachine(world, machine);
  if (!machine.isOn) await startMachine(world, machine);
  await mend(world, machine);
}

/** Runs events until `work` is done. */
async function settle<T>(world: World, work: Promise<T>): Promise<T> {
  let isDone = false;
  const done = () => (isDone = true);
  work.then(done, done);
  await settled();
  while (!isDone && world.violation === undefined && (await world.step()));
  if (world.violation !== undefined) throw world.violation;
  return work;
}

async function run(world: World, ms: number): Promise<void> {
  const until = world.nowMs + ms;
  let isOver = false;
  world.queue.after(ms, "look", () => (isOver = true));
  while (!isOver && world.violation === undefined && world.nowMs <= until && (await world.step()));
}

/**
 * Whoever was wiped is a member still, and comes back. And where an old backup knows nothing of a member that came later,
 * nobody but that member could tell, to whom it does not listen: it is invited again.
 */
async function rejoin(world: World): Promise<void> {
  for (const [number, known] of world.stores) {
    if (known.parent !== undefined) continue;
    for (const machine of absentMembers(world, known)) await joinAgain(world, machine, { number });
    for (const { machine, host } of forgotten(world, known))
      await joinAgain(world, machine, { number, host });
  }
}

async function joinAgain(
  world: World,
  machine: Machine,
  { number, host }: { number: number; host?: Machine },
): Promise<void> {
  const joining = join(world, machine, { number, role: Role.WRITER, host });
  await settle(
    world,
    joining.catch(() => undefined),
  );
}

/** Members of whom somebody who could invite them has not heard. */
function forgotten(world: World, known: WorldStore): { machine: Machine; host: Machine }[] {
  const copies = copiesOf(world, known);
  const hosts = copies.filter(({ machine, store }) => mayAdminister(store.system.roleNow(machine.key)));
  return hosts.flatMap(({ machine: host, store: { system } }) => {
    const strangers = copies.filter(({ machine }) => system.roleNow(machine.key) === Role.UNSPECIFIED);
    return strangers.map(({ machine }) => ({ machine, host }));
  });
}

function absentMembers(world: World, { genesisHash }: WorldStore): Machine[] {
  const isMember = (machine: Machine) =>
    world.honest.some((other) => {
      const store = other.storeOf(genesisHash);
      return (store?.system.roleNow(machine.key) ?? Role.UNSPECIFIED) !== Role.UNSPECIFIED;
    });
  return world.honest.filter((machine) => machine.storeOf(genesisHash) === undefined && isMember(machine));
}

/** The honest members' copies of a store. */
function copiesOf(world: World, { genesisHash }: WorldStore): { machine: Machine; store: Store }[] {
  return world.honest.flatMap((machine) => {
    const store = machine.storeOf(genesisHash);
    return store === undefined ? [] : [{ machine, store }];
  });
}

function whatDiffers(world: World): string {
  for (const machine of world.honest) {
    const closed = machine.node?.entries().find(({ store }) => store === undefined);
    if (machine.node === undefined || closed !== undefined) {
      return `${machine.name} is not whole: ${closed?.problem ?? "it is off"}`;
    }
  }
  for (const [number, known] of world.stores) {
    const copies = copiesOf(world, known);
    const root = rootOf(world, known);
    const stranger = copies.find(({ machine }) => {
      const system = machine.storeOf(root.genesisHash)?.system;
      return (system?.roleNow(machine.key) ?? Role.UNSPECIFIED) === Role.UNSPECIFIED;
    });
    if (stranger !== undefined) {
      const { machine, store } = stranger;
      return `${machine.name}, with ${store.log.head.wseq} intentions of store ${number}, does not know that it is a member`;
    }
    const absent = known.parent === undefined ? [] : absentChildren(world, known, root);
    if (absent.length > 0) return `${absent[0]!.name} has no store ${number}`;
    const [first, ...others] = copies;
    if (first === undefined) continue;
    for (const { machine, store } of others) {
      const [a, b] = [first.store.log.head, store.log.head];
      if (!a.setSum.equals(b.setSum)) {
        return `${first.machine.name} holds ${a.wseq} intentions of store ${number}, ${machine.name} ${b.wseq}${heldBack(first.store)}${heldBack(store)}`;
      }
      if (!equalBytes(first.store.digest(), store.digest())) {
        throw new Violation(
          "convergence",
          `one set gives two states of store ${number} on ${first.machine.name} and ${machine.name}`,
        );
      }
    }
    const floating = copies.find(({ store }) => wronglyFloating(world, store, root) !== undefined);
    if (floating !== undefined) {
      return `${floating.machine.name} holds back ${wronglyFloating(world, floating.store, root)} in store ${number} without a reason`;
    }
  }
  return "";
}

/** Why what floats does so. */
function heldBack({ replica }: Store): string {
  const reasons = [...replica.floating.all()].map(({ intention }) => replica.holdReason(intention));
  return reasons.length === 0 ? "" : `; ${reasons.length} float, since each ${reasons[0]}`;
}

function absentChildren(world: World, child: WorldStore, root: WorldStore): Machine[] {
  if (!isNamed(world, child)) return [];
  return world.honest.filter((machine) => {
    const above = machine.storeOf(root.genesisHash);
    return above !== undefined && machine.storeOf(child.genesisHash) === undefined;
  });
}

/**
 * Whether there is a way to a store from its root: that it was created may have died with the disk of who created it, and the
 * way to what lies below it along with it.
 */
function isNamed(world: World, { parent, genesisHash }: WorldStore): boolean {
  if (parent === undefined) return true;
  const above = world.stores.get(parent)!;
  const names = ({ store }: { store: Store }) =>
    store.system.children().some((child) => equalBytes(child.genesisHash, genesisHash));
  return copiesOf(world, above).some(names) && isNamed(world, above);
}

function rootOf(world: World, store: WorldStore): WorldStore {
  let root = store;
  while (root.parent !== undefined) root = world.stores.get(root.parent)!;
  return root;
}

/** One whose parents are all there, whose author is a member, and whose time has come. */
function wronglyFloating(world: World, store: Store, root: WorldStore): string | undefined {
  const holder = world.honest.find((machine) => machine.storeOf(store.genesisHash) === store);
  const system = holder?.storeOf(root.genesisHash)?.system ?? store.system;
  for (const { intention, authentication } of store.replica.floating.all()) {
    const isTimely = isTimelyAt(world.nowMs, intention);
    const isMember = mayWrite(system.roleNow(intention.author));
    const isWhole = parentsOf(intention).every((parent) => store.log.has(parent));
    if (isTimely && isMember && isWhole && isProven(store, { intention, authentication }, world.nowMs)) {
      return toHex(intention.hash).slice(0, 8);
    }
  }
  return undefined;
}

function isTimelyAt(nowMs: number, { timestamp }: Intention): boolean {
  return Number(timestamp >> 16n) <= EPOCH_MS + nowMs + AHEAD_MS_MAX - ROUND_MS;
}

/** Whether it is signed, or floats below what proves it and could be witnessed with it. */
function isProven(
  store: Store,
  { intention, authentication }: Omit<Floating, "receivedMs">,
  nowMs: number,
): boolean {
  if (authentication.kind === "signature") return true;
  const all = [...store.replica.floating.all()].map(
    (each) => [bytesKey(each.intention.id), each.intention] as const,
  );
  const floating = new Map(all);
  let above = floating.get(bytesKey(authentication.id));
  while (above !== undefined && isTimelyAt(nowMs, above)) {
    const isNext = bytesKey(above.storePrev) === bytesKey(intention.id);
    const below = isNext ? intention : floating.get(bytesKey(above.storePrev));
    // A liar's voucher may have a number that fits nowhere.
    if (below === undefined || above.seq !== below.seq + 1) return false;
    if (isNext) return true;
    above = below;
  }
  return false;
}

function mostAheadMs(world: World): number {
  const nowMs = EPOCH_MS + world.nowMs;
  let most = 0;
  for (const machine of world.honest) {
    for (const store of machine.stores()) {
      const newest = Number(
        store.replica.ownTip().id.reduce((sum, byte, at) => (at < 6 ? sum * 256 + byte : sum), 0),
      );
      most = Math.max(most, newest - nowMs);
    }
  }
  return most;
}

/** Nothing moves any more: is it right? */
async function check(world: World): Promise<void> {
  checkUnauthorised(world);
  for (const [number, known] of world.stores) {
    const copies = copiesOf(world, known);
    for (const [at, { machine, store }] of copies.entries()) {
      const held = new Set(world.logWatch(machine, store).ids);
      const lost = [...(world.acknowledged.get(bytesKey(known.genesisHash)) ?? [])].find(
        ([id]) => !held.has(id),
      );
      if (lost !== undefined) {
        throw new Violation(
          "lost",
          `${machine.name} does not have what ${lost[1].name} has acknowledged in store ${number}`,
        );
      }
      // What takes longest; all have the same digest.
      if (at > 0 && at < copies.length - 1) continue;
      const { problems } = await settle(world, verifyStore(store));
      if (problems.length > 0)
        throw new Violation("verify", `${machine.name}, store ${number}: ${problems.join("; ")}`);
    }
    const [first] = copies;
    if (first === undefined) continue;
    const counted = [...first.store.log.records({ from: 1 })].map(({ intention }) => intention);
    const root = first.machine.storeOf(rootOf(world, known).genesisHash) ?? first.store;
    const isHonest = (author: PubKey) => !world.authors.lies(author);
    const roles = naiveRolesEver(world, root);
    // Who is honest writes only where it may. Of liars also what is dated before their admission counts, for their clocks may
    // have been anything.
    const allowed = counted.filter(
      ({ author }) => isHonest(author) || mayWrite(roles.get(bytesKey(author)) ?? 0),
    );
    await settle(world, known.workload.check?.(first.store, allowed, isHonest) ?? Promise.resolve());
  }
  for (const mirror of world.mirrors) mirror.follow();
  await run(world, LOOK_EVERY_MS);
  for (const mirror of world.mirrors) {
    if (mirror.machine.isGone) continue;
    const difference = await settle(world, mirror.difference());
    if (difference !== "") throw new Violation("stream", `a client of ${mirror.machine.name} ${difference}`);
  }
}
