/** What befalls machines, their disks and their clocks. */
import { equalBytes, formatStoreId } from "@lattice/model";
import type { Machine } from "../machine.ts";
import { Prng } from "../prng.ts";
import type { World } from "../world.ts";
import type { MachineFault } from "./action.ts";
import { kill, startMachine, stopMachine } from "./machine-life.ts";

const RESTART_MS = 500;

export async function performMachineFault(world: World, fault: MachineFault): Promise<void> {
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
      machine.hadDiskFault ||= fault.kind === "disk-failing";
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
