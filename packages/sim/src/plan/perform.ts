/** Makes what a plan says happen. What makes no sense at the moment is passed over. */
import { equalBytes, formatStoreId, LatticeError, toHex } from "@lattice/model";
import { Role } from "@lattice/systemstore";
import type { Store } from "@lattice/kernel";
import { attack } from "../byzantine/attack.ts";
import type { Node } from "@lattice/node";
import type { Machine } from "../machine.ts";
import { Prng } from "../prng.ts";
import type { World } from "../world.ts";
import type { Action, Deed, MachineFault, NetworkFault } from "./action.ts";

const RESTART_MS = 500;

export function perform(world: World, action: Action): void {
  const { kind } = action;
  world.trace.count(`action ${kind}`);
  world.begin(performAny(world, action));
}

async function performAny(world: World, action: Action): Promise<void> {
  switch (action.kind) {
    case "write":
    case "create":
    case "join":
    case "sync":
    case "verify":
      return performDeed(world, action);
    case "partition":
    case "weather":
    case "bad-way":
    case "storm":
      return performNetworkFault(world, action);
    case "attack":
      return attack(world, action);
    default:
      return performMachineFault(world, action);
  }
}

async function performDeed(world: World, deed: Deed): Promise<void> {
  const machine = world.machines[deed.machine];
  if (machine?.node === undefined) return;
  const { lives } = machine;
  try {
    await doDeed(world, machine, deed);
  } catch (error) {
    if (machine.lives !== lives || machine.node === undefined) return;
    const { code, message } = world.judge(machine, error);
    world.tell(machine, `${deed.kind} failed: ${code}: ${message}`);
    world.trace.count(`failed: ${code}`);
  }
}

async function doDeed(world: World, machine: Machine, deed: Deed): Promise<void> {
  const node = machine.node!;
  if (deed.kind === "create") return create(world, machine, deed);
  if (deed.kind === "join") return join(world, machine, { number: deed.store, role: deed.role });
  const store = world.storeOf(machine, deed.store);
  if (store === undefined) return;
  if (deed.kind === "write") return write(world, machine, store, deed);
  if (deed.kind === "sync") {
    await node.sync(store);
    return;
  }
  const { problems } = await node.verify(store);
  if (problems.length > 0 && !machine.hadDiskFault) {
    throw new LatticeError("internal", `verify finds ${problems.join("; ")}`);
  }
}

async function write(
  world: World,
  machine: Machine,
  store: Store,
  { store: number, seed }: { store: number; seed: number },
): Promise<void> {
  const { workload } = world.stores.get(number)!;
  world.trace.count("writes tried");
  const hashes = await workload.write(store, new Prng(BigInt(seed)));
  if (machine.storeOf(store.genesisHash) !== store) return;
  world.acknowledge(machine, store, hashes);
  if (hashes.length === 0) return;
  world.tell(machine, `wrote ${hashes.map((hash) => toHex(hash).slice(0, 8)).join()} in store ${number}`);
}

async function create(
  world: World,
  machine: Machine,
  { store: number, workload, parent }: { store: number; workload: number; parent?: number },
): Promise<void> {
  if (world.stores.has(number)) return;
  const above = parent === undefined ? undefined : world.storeOf(machine, parent);
  if (parent !== undefined && above === undefined) return;
  const chosen = world.workloads[workload % world.workloads.length]!;
  const entry = await machine.node!.createStore({
    name: `store ${number}`,
    type: chosen.type.type,
    parent: above,
  });
  const { genesisHash } = entry.store!;
  world.stores.set(number, { genesisHash, workload: chosen, parent });
  world.tell(machine, `created store ${number}, a ${chosen.type.type}`);
  world.addMirror(machine, number);
}

/** Somebody who may invites the machine, `host` if it is given, and it joins. */
export async function join(
  world: World,
  machine: Machine,
  options: { number: number; role: number; host?: Machine | undefined },
): Promise<void> {
  const { number, role } = options;
  const host =
    options.host ??
    world.honest.find((each) => {
      const system = world.storeOf(each, number)?.system;
      return each !== machine && (system?.roleNow(each.key) ?? Role.UNSPECIFIED) >= Role.ADMIN;
    });
  const store = host && world.storeOf(host, number);
  if (host?.node === undefined || store === undefined || machine.node === undefined) return;
  const own = store.system.roleNow(host.key);
  let token: string;
  try {
    ({ token } = await host.node.invite(store, { role: Math.min(role, own), expiresInMs: 0 }));
  } catch (error) {
    world.judge(host, error);
    return;
  }
  world.tell(machine, `joins store ${number} by ${host.name}`);
  for await (const { stage } of machine.node.join(token))
    if (stage === "done") world.tell(machine, `has joined store ${number}`);
  world.addMirror(machine, number);
}

export async function startMachine(world: World, machine: Machine): Promise<void> {
  try {
    const node = await machine.start();
    if (node === undefined) return;
    world.tell(machine, "is up");
    void tellEvents(world, machine, node);
    world.checkMachine(machine);
    for (const mirror of world.mirrors) if (mirror.machine === machine) mirror.follow();
  } catch (error) {
    world.noteDeath(machine);
    world.tell(machine, `does not start: ${world.judge(machine, error).message}`);
  }
}

/** What it tells its people; the dead tell nothing. */
async function tellEvents(world: World, machine: Machine, node: Node): Promise<void> {
  for await (const { text } of node.events.subscribe(new AbortController().signal)) {
    if (machine.node !== node) return;
    world.tell(machine, text);
  }
}

/** Says whether it is off then: something else may have started it meanwhile. */
export async function stopMachine(world: World, machine: Machine): Promise<boolean> {
  await machine.stop();
  if (machine.isOn) return false;
  world.noteDeath(machine);
  world.tell(machine, "is stopped");
  return true;
}

function kill(world: World, machine: Machine, options: { machine: boolean }): void {
  world.checkMachine(machine);
  machine.crash(options);
  world.noteDeath(machine);
  world.tell(machine, options.machine ? "loses power" : "is killed");
}

async function performMachineFault(world: World, fault: MachineFault): Promise<void> {
  const machine = world.machines[fault.machine];
  if (machine === undefined || machine.isGone) return;
  const later = (ms: number, label: string, run: () => void) => {
    world.queue.after(ms, label, () => {
      if (!machine.isGone) run();
    });
  };
  const restartIn = (ms: number) => later(ms, "restart", () => world.begin(startMachine(world, machine)));
  switch (fault.kind) {
    case "stop":
      if (machine.node === undefined) return;
      if (!(await stopMachine(world, machine))) return;
      return restartIn(fault.forMs);
    case "kill":
    case "power-cut":
      if (!machine.isOn) return;
      kill(world, machine, { machine: fault.kind === "power-cut" });
      return restartIn(fault.forMs);
    case "disk-full":
    case "disk-failing":
      machine.disk.setFault(fault.kind === "disk-full" ? "full" : "failing");
      machine.hadDiskFault = true;
      world.tell(machine, fault.kind === "disk-full" ? "has a full disk" : "has a failing disk");
      return later(fault.forMs, "disk", () => {
        machine.disk.setFault("none");
        world.tell(machine, "has a good disk again");
      });
    case "disk-slow":
      machine.disk.flushMs = [fault.flushMs, fault.flushMs * 4];
      world.tell(machine, `has a disk that takes ${fault.flushMs.toFixed(0)} ms`);
      return later(fault.forMs, "disk", () => (machine.disk.flushMs = [0.1, 2]));
    case "restore":
      return restore(world, machine, fault.afterMs);
    case "copy":
      return copy(world, machine, fault.forMs);
    case "wipe":
      if (!machine.isOn) return;
      kill(world, machine, { machine: true });
      world.wipe(machine);
      world.tell(machine, "is wiped");
      return startMachine(world, machine);
    case "leave":
      if (!machine.isOn) return;
      kill(world, machine, { machine: true });
      machine.isGone = true;
      world.excuse(machine);
      return world.tell(machine, "is gone for good");
    case "rebuild":
      return rebuild(world, machine, fault);
    case "rot":
      return rot(world, machine, fault);
    case "clock-jump":
      machine.clockError.jump(fault.byMs);
      return world.tell(machine, `has its clock set by ${Math.round(fault.byMs / 1000)} s`);
    case "clock-drift":
      machine.clockError.drift(world.nowMs, fault.rate);
      return world.tell(machine, `has a clock that runs at ${fault.rate.toFixed(3)}`);
  }
}

async function restore(world: World, machine: Machine, afterMs: number): Promise<void> {
  if (machine.node === undefined) return;
  if (!(await stopMachine(world, machine))) return;
  const backup = world.backup(machine);
  world.tell(machine, "is backed up");
  await startMachine(world, machine);
  world.queue.after(afterMs, "restore", () => {
    if (machine.isGone || world.isRepaired) return;
    if (machine.isOn) kill(world, machine, { machine: true });
    world.restore(machine, backup);
    world.tell(machine, "gets its old backup back");
    world.begin(startMachine(world, machine));
  });
}

async function copy(world: World, machine: Machine, forMs: number): Promise<void> {
  if (machine.node === undefined || world.isLiar(machine)) return;
  if (!(await stopMachine(world, machine))) return;
  const backup = world.backup(machine);
  const twin = world.addCopy(machine);
  world.restore(twin, backup);
  world.tell(machine, `is copied to ${twin.name}`);
  await startMachine(world, machine);
  await startMachine(world, twin);
  world.queue.after(forMs, "retire", () => {
    if (twin.isOn) kill(world, twin, { machine: true });
    twin.isGone = true;
    world.excuse(twin);
    world.tell(twin, "is gone for good");
  });
}

async function rebuild(
  world: World,
  machine: Machine,
  { store: number, killAfterMs }: { store: number; killAfterMs?: number },
): Promise<void> {
  const store = world.storeOf(machine, number);
  const entry = store && machine.node!.entries().find((each) => each.store === store);
  if (entry === undefined || store === undefined) return;
  const { lives } = machine;
  world.checkMachine(machine);
  world.logWatch(machine, store).noteRebuild();
  world.tell(machine, `rebuilds store ${number}`);
  killIn(world, machine, killAfterMs);
  try {
    await machine.node!.rebuild(entry);
  } catch (error) {
    if (machine.lives === lives) world.judge(machine, error);
  }
  if (machine.lives !== lives) return;
  world.checkMachine(machine);
  for (const mirror of world.mirrors) if (mirror.machine === machine) mirror.follow();
}

/** The disk loses a bit of the log; the store may notice at once or when it is looked at, and is made anew. */
async function rot(
  world: World,
  machine: Machine,
  { store: number, seed, killAfterMs }: { store: number; seed: number; killAfterMs?: number },
): Promise<void> {
  const store = world.storeOf(machine, number);
  if (store === undefined) return;
  if (!(await stopMachine(world, machine))) return;
  if (world.isRepaired) return startMachine(world, machine);
  const random = new Prng(BigInt(seed));
  if (!machine.disk.rot(`${formatStoreId(store.id)}/log`, "witness", random)) return;
  world.tell(machine, `has a bad record in store ${number}`);
  world.noteDamage(machine, store);
  await startMachine(world, machine);
  killIn(world, machine, killAfterMs);
  await mend(world, machine);
}

/** Kills it unless it has died before, starts it again soon, and has it go on with what it was rebuilding. */
function killIn(world: World, machine: Machine, ms: number | undefined): void {
  const { lives } = machine;
  if (ms === undefined) return;
  world.queue.after(ms, "kill", () => {
    if (!machine.isOn || machine.lives !== lives || world.isRepaired) return;
    kill(world, machine, { machine: false });
    world.queue.after(RESTART_MS, "restart", () => {
      world.begin(startMachine(world, machine).then(() => mend(world, machine)));
    });
  });
}

/** Has every store rebuilt whose log went bad. */
export async function mend(world: World, machine: Machine): Promise<void> {
  const { lives } = machine;
  for (const { row } of machine.node?.entries() ?? []) {
    const watch = world.watchOf(machine, row.genesisHash);
    if (watch?.isDamaged !== true || machine.lives !== lives) continue;
    const entry = machine.node?.entries().find((each) => equalBytes(each.row.genesisHash, row.genesisHash));
    if (entry === undefined) continue;
    try {
      const { log } = await machine.node!.rebuild(entry);
      if (machine.lives !== lives) return;
      watch.noteRepair();
      world.tell(machine, `has rebuilt a store and lost ${log.lost.length}`);
      world.checkMachine(machine);
    } catch (error) {
      if (machine.lives === lives) world.judge(machine, error);
    }
  }
}

async function performNetworkFault(world: World, fault: NetworkFault): Promise<void> {
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
