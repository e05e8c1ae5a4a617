/** What people do with a mesh: write, create, invite and join, sync, verify. */
import { equalBytes, LatticeError, toHex } from "@lattice/model";
import type { Store } from "@lattice/kernel";
import { Role } from "@lattice/systemstore";
import type { Machine } from "../machine.ts";
import { Prng } from "../prng.ts";
import type { World } from "../world.ts";
import type { Deed } from "./action.ts";

export async function performDeed(world: World, deed: Deed): Promise<void> {
  const machine = whoDoes(world, deed);
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

/** Of a machine whose disk was copied, now it and now its copy. */
function whoDoes(world: World, deed: Deed): Machine | undefined {
  const named = world.machines[deed.machine];
  if (named === undefined || deed.kind !== "write") return named;
  const alike = world.machines.filter(({ key, isGone }) => !isGone && equalBytes(key, named.key));
  return alike[deed.seed % alike.length];
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
  const hosts = world.honest.filter((each) => {
    const system = world.storeOf(each, number)?.system;
    return each !== machine && (system?.roleNow(each.key) ?? Role.UNSPECIFIED) >= Role.ADMIN;
  });
  const host = options.host ?? hosts[world.machines.indexOf(machine) % hosts.length];
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
