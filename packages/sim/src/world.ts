/** The machines, the network between them, and what is known of both: one simulation's whole state. */
import { bytesKey, equalBytes, LatticeError, type Hash } from "@lattice/model";
import type { Store } from "@lattice/kernel";
import type { Node } from "@lattice/node";
import { Authors } from "./checks/authors.ts";
import { LogWatch, type Durable } from "./checks/log-watch.ts";
import { MirrorWatch } from "./checks/mirror-watch.ts";
import type { DiskImage } from "./disk/sim-disk.ts";
import { Machine } from "./machine.ts";
import { SimNetwork } from "./network/sim-network.ts";
import type { Plan } from "./plan/action.ts";
import { Prng } from "./prng.ts";
import { EventQueue } from "./scheduler.ts";
import { Trace } from "./trace.ts";
import { Violation } from "./violation.ts";
import type { Workload } from "./workloads/workload.ts";

/** Floating intentions of one store (kernel/limits.ts), and what one channel holds on both of its sides. */
const FLOATING_COUNT_MAX = 16_384;
const CHANNEL_BYTES_MAX = 16 << 20;
const BOUNDS_EVERY_STEPS = 64;

export interface WorldStore {
  readonly genesisHash: Hash;
  readonly workload: Workload;
  readonly parent: number | undefined;
}

/** A disk and what is known to be durable on it. */
export interface Backup {
  readonly image: DiskImage;
  readonly durable: ReadonlyMap<string, Durable>;
}

export interface WorldOptions {
  readonly plan: Plan;
  readonly workloads: readonly Workload[];
  readonly keepsTimeline: boolean;
}

export class World {
  readonly plan: Plan;
  readonly workloads: readonly Workload[];
  readonly queue = new EventQueue();
  readonly trace: Trace;
  readonly random: Prng;
  readonly network: SimNetwork;
  readonly machines: Machine[] = [];
  readonly authors = new Authors((storeKey, id) => this.#couldBeTold(storeKey, id));
  /** By the plan's number. */
  readonly stores = new Map<number, WorldStore>();
  /** What was acknowledged: hash → the machine that said so. What nobody can have any more is taken out. */
  readonly acknowledged = new Map<string, Map<string, Machine>>();
  readonly #byName = new Map<string, Machine>();
  readonly #logs = new Map<Machine, Map<string, LogWatch>>();
  readonly #mirrors: MirrorWatch[] = [];
  #violation: Violation | undefined;
  /** The faults are over: what was still to come of them does not. */
  isRepaired = false;

  constructor(options: WorldOptions) {
    this.plan = options.plan;
    this.workloads = options.workloads;
    this.trace = new Trace(options);
    this.random = new Prng(BigInt(`0x${options.plan.seed}`));
    const { queue: scheduler, trace } = this;
    this.network = new SimNetwork({ scheduler, random: this.random.fork("network"), trace });
    this.network.setBase(options.plan.weather);
    for (let index = 0; index < options.plan.machineCount; index++) this.#addMachine();
  }

  get nowMs(): number {
    return this.queue.nowMs;
  }

  /** What was found, if anything. */
  get violation(): Violation | undefined {
    return this.#violation;
  }

  get honest(): Machine[] {
    const { machineCount, liarCount } = this.plan;
    return this.machines.filter((machine, index) => {
      return (index < machineCount - liarCount || index >= machineCount) && !machine.isGone;
    });
  }

  isLiar(machine: Machine): boolean {
    const index = this.machines.indexOf(machine);
    return index >= this.plan.machineCount - this.plan.liarCount && index < this.plan.machineCount;
  }

  /** A second machine with another one's disk and key. */
  addCopy(of: Machine): Machine {
    return this.#addMachine(of);
  }

  tell(who: Machine | string, text: string): void {
    this.trace.tell(this.nowMs, typeof who === "string" ? who : who.name, text);
  }

  fail(violation: Violation): void {
    this.#violation ??= violation;
  }

  /** Whatever a deed or a fault still does is its own; where it breaks a rule, the simulation ends. */
  begin(work: Promise<unknown>): void {
    work.catch((error: unknown) => {
      if (error instanceof Violation) this.fail(error);
      else this.fail(new Violation("exception", String((error as Error)?.stack ?? error)));
    });
  }

  /** Says what is wrong with an error that a call was answered with, if anything is. */
  judge(machine: Machine, error: unknown): LatticeError {
    if (error instanceof Violation) throw error;
    const known = LatticeError.from(error);
    const isDeclared =
      error instanceof LatticeError &&
      known.code !== "internal" &&
      known.code !== "corrupt" &&
      !hasBugAsCause(error);
    if (!isDeclared && !machine.hadDiskFault && !machine.isDamaged) {
      throw new Violation(
        "error",
        `${machine.name}: a call was answered with ${String((error as Error).stack)}`,
      );
    }
    return known;
  }

  storeOf(machine: Machine, number: number): Store | undefined {
    const known = this.stores.get(number);
    return known && machine.storeOf(known.genesisHash);
  }

  acknowledge(machine: Machine, store: Store, hashes: readonly Uint8Array[]): void {
    this.checkMachine(machine);
    const key = bytesKey(store.genesisHash);
    const acknowledged = this.acknowledged.get(key) ?? new Map<string, Machine>();
    this.acknowledged.set(key, acknowledged);
    // What comes to stand on a record that has gone bad may have to go with it.
    if (this.logWatch(machine, store).isDamaged) return;
    for (const hash of hashes) {
      const own = this.logWatch(machine, store).durableId(hash);
      if (own === undefined) {
        throw new Violation("durability", `${machine.name} acknowledged a write that is not durable`);
      }
      acknowledged.set(own, machine);
    }
    this.trace.count("writes acknowledged", hashes.length);
  }

  /** Runs one event, and looks at what it did. Says whether there was one. */
  async step(): Promise<boolean> {
    const label = await this.queue.step();
    if (label === undefined) return false;
    try {
      for (const machine of this.#touchedBy(label)) this.checkMachine(machine);
      if (this.queue.stepCount % BOUNDS_EVERY_STEPS === 0) this.#checkBounds();
    } catch (error) {
      this.fail(
        error instanceof Violation ? error : new Violation("exception", String((error as Error).stack)),
      );
    }
    this.trace.note(this.nowMs, label);
    return true;
  }

  checkMachine(machine: Machine): void {
    if (machine.node === undefined) return;
    if (machine.disk.fault === "failing") machine.hadDiskFault = true;
    for (const store of openStores(machine.node))
      this.logWatch(machine, store).check(store, machine.clock!.now());
  }

  logWatch(machine: Machine, store: Store): LogWatch {
    const key = bytesKey(store.genesisHash);
    const logs = this.#logsOf(machine);
    let watch = logs.get(key);
    if (watch === undefined) {
      watch = this.#newWatch(machine);
      logs.set(key, watch);
    }
    return watch;
  }

  watchOf(machine: Machine, genesisHash: Uint8Array): LogWatch | undefined {
    return this.#logsOf(machine).get(bytesKey(genesisHash));
  }

  /** The machine's processes have ended. */
  noteDeath(machine: Machine): void {
    for (const watch of this.#logsOf(machine).values()) watch.died();
    for (const mirror of this.#mirrors) if (mirror.machine === machine) mirror.stop();
  }

  backup(machine: Machine): Backup {
    const durable = [...this.#logsOf(machine)].map(([key, watch]) => [key, watch.durable] as const);
    return { image: machine.disk.image(), durable: new Map(durable) };
  }

  /** What was written since, and has reached nobody else, is lost; that is nobody's fault. */
  restore(machine: Machine, { image, durable }: Backup): void {
    const before = this.#logsOf(machine);
    machine.disk.restore(image);
    this.#logs.set(
      machine,
      new Map([...durable].map(([key, known]) => [key, this.#newWatch(machine, known)] as const)),
    );
    this.authors.mayFork(machine.key);
    for (const [key, watch] of before) this.#excuse(key, watch);
  }

  wipe(machine: Machine): void {
    const before = this.#logsOf(machine);
    machine.disk.wipe();
    this.#logs.set(machine, new Map());
    this.authors.mayFork(machine.key);
    for (const [key, watch] of before) this.#excuse(key, watch);
  }

  /** A machine that went for good, or whose log was damaged, may take with it what it had told nobody. */
  excuse(machine: Machine): void {
    for (const [key, watch] of this.#logsOf(machine)) this.#excuse(key, watch, machine);
  }

  /** A record of its log went bad: what nobody else has may be lost, and until it was rebuilt the store may refuse anything. */
  noteDamage(machine: Machine, store: Store): void {
    const key = bytesKey(store.genesisHash);
    const watch = this.logWatch(machine, store);
    this.#excuse(key, watch, machine);
    watch.noteDamage();
    this.authors.mayHaveLost(machine.key);
    machine.isDamaged = true;
  }

  addMirror(machine: Machine, number: number): void {
    const { genesisHash, workload } = this.stores.get(number)!;
    const mirror = workload.mirror?.();
    const isThere = this.#mirrors.some(
      (each) => each.machine === machine && equalBytes(each.genesisHash, genesisHash),
    );
    if (mirror === undefined || isThere) return;
    this.#mirrors.push(new MirrorWatch(this, { machine, genesisHash, mirror }));
  }

  get mirrors(): readonly MirrorWatch[] {
    return this.#mirrors;
  }

  #couldBeTold(storeKey: string, id: string): boolean {
    if (this.network.isCut) return false;
    return this.honest.some((machine) => {
      return (
        machine.node !== undefined && this.#logsOf(machine).get(storeKey)?.durable.ids.includes(id) === true
      );
    });
  }

  #excuse(key: string, watch: LogWatch, lost?: Machine): void {
    const others = [...this.#logs].flatMap(([machine, logs]) => {
      const isLost = machine === lost || machine.isGone || this.isLiar(machine);
      const log = isLost ? undefined : logs.get(key);
      return log === undefined || log.isDamaged ? [] : [new Set(log.durable.ids)];
    });
    const gone = new Set(watch.ids.filter((id) => !others.some((ids) => ids.has(id))));
    for (const id of gone) this.acknowledged.get(key)?.delete(id);
    this.authors.forget(gone);
  }

  /** An event that names a machine at its end happens there, and nowhere else. */
  #touchedBy(label: string): readonly Machine[] {
    const machine = this.#byName.get(label.slice(label.lastIndexOf(" ") + 1));
    return machine === undefined ? this.machines : [machine];
  }

  #checkBounds(): void {
    for (const machine of this.machines) {
      for (const store of machine.stores()) {
        const { count } = store.replica.floating;
        if (count > FLOATING_COUNT_MAX) {
          throw new Violation("bounds", `${machine.name} holds ${count} floating intentions`);
        }
      }
    }
    const held = this.network.mostHeldBytes();
    if (held > CHANNEL_BYTES_MAX) throw new Violation("bounds", `a channel holds ${held} bytes`);
  }

  #logsOf(machine: Machine): Map<string, LogWatch> {
    const logs = this.#logs.get(machine) ?? new Map<string, LogWatch>();
    this.#logs.set(machine, logs);
    return logs;
  }

  #newWatch(machine: Machine, durable?: Durable): LogWatch {
    const { authors } = this;
    return new LogWatch({ machine: machine.name, self: bytesKey(machine.key), authors }, durable);
  }

  #addMachine(copyOf?: Machine): Machine {
    const name = `m${this.machines.length}`;
    const machine = new Machine({
      name,
      scheduler: this.queue,
      network: this.network,
      random: this.random.fork(name),
      types: this.workloads.map(({ type }) => type),
      ...(copyOf && { signer: copyOf.signer }),
    });
    this.machines.push(machine);
    this.#byName.set(name, machine);
    if (this.isLiar(machine)) this.authors.isLiar(machine.key);
    return machine;
  }
}

/** A fault of the program is none of the errors that it declares, whatever it was wrapped in. */
function hasBugAsCause(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return error instanceof TypeError || error instanceof ReferenceError || hasBugAsCause(error.cause);
}

function openStores(node: Node): Store[] {
  return node.entries().flatMap(({ store }) => store ?? []);
}
