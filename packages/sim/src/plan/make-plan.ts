/** Draws a plan from a seed. Each kind of trouble is in some plans and not in others, so that each meets each alone and together. */
import { GOOD_CONDITIONS, type Conditions } from "../network/conditions.ts";
import { Prng } from "../prng.ts";
import { ATTACKS } from "../byzantine/attack.ts";
import type { Action, Attack, Deed, MachineFault, NetworkFault, Plan } from "./action.ts";

export interface PlanOptions {
  readonly seed: string;
  readonly workloadCount: number;
  /** Default: drawn, 2 to 7, seldom more. */
  readonly machineCount?: number;
}

/** Machines come one after another in the beginning. */
const SETUP_MS = 20_000;
const READER = 1;
const WRITER = 2;
const ADMIN = 3;

interface Draw {
  readonly random: Prng;
  readonly machineCount: number;
  readonly honestCount: number;
  readonly storeCount: number;
  readonly durationMs: number;
}

export function makePlan({ seed, workloadCount, machineCount: wanted }: PlanOptions): Plan {
  const random = new Prng(BigInt(`0x${seed}`)).fork("plan");
  const machineCount =
    wanted ?? (random.chance(0.02) ? random.between(8, 16) : Math.floor(random.spread(2, 7)));
  const liarCount = machineCount > 2 && random.chance(0.5) ? 1 : 0;
  const storeCount = random.chance(0.2) ? 3 : random.between(1, 2);
  const durationMs = Math.floor(random.spread(40_000, 300_000));
  const draw: Draw = { random, machineCount, honestCount: machineCount - liarCount, storeCount, durationMs };
  const deeds = [...writes(draw), ...crowds(draw)];
  const actions = [
    ...setUp(draw, workloadCount),
    ...deeds,
    ...machineFaults(draw).flatMap((fault) => atWorstMoment(draw, deeds, fault)),
    ...networkFaults(draw),
    ...(liarCount > 0 ? attacks(draw) : []),
  ];
  return {
    seed,
    machineCount,
    liarCount,
    untilMs: durationMs,
    weather: random.chance(0.5) ? GOOD_CONDITIONS : anyConditions(random),
    actions: actions
      .map((action, index) => ({ action, index }))
      .toSorted((a, b) => a.action.atMs - b.action.atMs || a.index - b.index)
      .map(({ action }) => action),
  };
}

function setUp({ random, machineCount, storeCount }: Draw, workloadCount: number): Action[] {
  const actions: Action[] = [];
  const first = {
    atMs: 100,
    kind: "create",
    machine: 0,
    store: 0,
    workload: random.below(workloadCount),
  } as const;
  actions.push(first);
  for (let store = 1; store < storeCount; store++) {
    const isChild = random.chance(0.6);
    const place = isChild ? { parent: random.below(store) } : {};
    const atMs = random.between(200, SETUP_MS);
    actions.push({
      atMs,
      kind: "create",
      machine: 0,
      store,
      workload: random.below(workloadCount),
      ...place,
    });
  }
  for (let machine = 1; machine < machineCount; machine++) {
    // One who could not join at first tries again later.
    for (const store of random.chance(0.3) ? [0, 1] : [0]) {
      const role = random.chance(0.15) ? READER : random.chance(0.3) ? ADMIN : WRITER;
      const atMs = random.between(500, SETUP_MS);
      actions.push({ atMs, kind: "join", machine, store, role });
      actions.push({ atMs: atMs + 30_000, kind: "join", machine, store, role });
    }
  }
  return actions;
}

function writes({ random, machineCount, storeCount, durationMs }: Draw): Action[] {
  const count = Math.floor(random.spread(10, 250));
  const deeds: Action[] = [];
  while (deeds.length < count) {
    const atMs = random.between(200, durationMs);
    const machine = random.below(machineCount);
    const store = random.below(storeCount);
    // Writes come alone, and in bursts that share a flush.
    const burst = random.chance(0.2) ? random.between(2, 12) : 1;
    const areMany = random.chance(0.3);
    const withinMs = random.pick([3, 3, 100]);
    for (let n = 0; n < burst; n++) {
      const writer = areMany ? random.below(machineCount) : machine;
      deeds.push({
        atMs: atMs + random.below(withinMs),
        kind: "write",
        machine: writer,
        store,
        seed: random.uint32(),
      });
    }
  }
  const others: ((at: { machine: number; store: number }) => Deed)[] = [
    (at) => ({ kind: "sync", ...at }),
    (at) => ({ kind: "verify", ...at }),
  ];
  for (let n = random.below(4); n > 0; n--) {
    const at = { machine: random.below(machineCount), store: random.below(storeCount) };
    deeds.push({ atMs: random.between(SETUP_MS, durationMs), ...random.pick(others)(at) });
  }
  return deeds;
}

/** All write at once, so that their writes cross each other, while one of the disks is busy. */
function crowds({ random, machineCount, storeCount, durationMs }: Draw): Action[] {
  return Array.from({ length: random.below(4) }, (): Action[] => {
    const [atMs, machine] = [random.between(SETUP_MS, durationMs), random.below(machineCount)];
    const [store, withinMs] = [random.below(storeCount), random.pick([2, 20, 100])];
    const writes = Array.from({ length: random.between(5, 30) }, (): Action => {
      const writer = random.chance(0.3) ? machine : random.below(machineCount);
      const at = atMs + random.below(withinMs);
      return { atMs: at, kind: "write", machine: writer, store, seed: random.uint32() };
    });
    const flushMs = random.spread(5, 100);
    return [{ atMs: atMs - 1, kind: "disk-slow", machine, forMs: 1_000, flushMs }, ...writes];
  }).flat();
}

function machineFaults({
  random,
  honestCount,
  storeCount,
  durationMs,
}: Draw): (MachineFault & { readonly atMs: number })[] {
  const some = (ms: number) => Math.floor(random.spread(ms / 100, ms));
  const anyOne = () => random.below(honestCount);
  // The first machine's role is the only one that is certain: somebody has to be able to invite again.
  const anyOther = () => 1 + random.below(honestCount - 1);
  const makers: readonly (() => MachineFault | undefined)[] = [
    () => ({ kind: "stop", machine: anyOne(), forMs: some(60_000) }),
    () => ({ kind: "kill", machine: anyOne(), forMs: some(60_000) }),
    () => ({ kind: "kill", machine: anyOne(), forMs: some(1000) }),
    () => ({ kind: "power-cut", machine: anyOne(), forMs: some(60_000) }),
    () => ({ kind: "disk-full", machine: anyOne(), forMs: some(60_000) }),
    () => ({ kind: "disk-failing", machine: anyOne(), forMs: some(5_000) }),
    () => ({ kind: "disk-slow", machine: anyOne(), forMs: some(60_000), flushMs: random.spread(5, 1000) }),
    () => ({ kind: "restore", machine: anyOne(), afterMs: some(120_000) }),
    () =>
      honestCount > 1
        ? { kind: "copy", machine: anyOther(), forMs: random.between(5_000, 120_000) }
        : undefined,
    () => (honestCount > 1 ? { kind: "wipe", machine: anyOther() } : undefined),
    () => (honestCount > 2 && random.chance(0.3) ? { kind: "leave", machine: anyOther() } : undefined),
    () => ({ kind: "rebuild", machine: anyOne(), store: random.below(storeCount), ...anyInterrupt(random) }),
    () => ({
      kind: "rot",
      machine: anyOne(),
      store: random.below(storeCount),
      seed: random.uint32(),
      ...anyInterrupt(random),
    }),
    () => ({ kind: "clock-jump", machine: anyOne(), byMs: anyJump(random) }),
    () => ({ kind: "clock-drift", machine: anyOne(), rate: random.spread(0.98, 1.02) }),
  ];
  return sprinkle(makers, { random, durationMs, countMax: 14 });
}

/** In the middle, sometimes. */
function anyInterrupt(random: Prng): { killAfterMs?: number } {
  return random.chance(0.5) ? { killAfterMs: random.spread(0.1, 30) } : {};
}

const ENDS_FLUSH: ReadonlySet<string> = new Set(["kill", "power-cut", "disk-full", "disk-failing"]);

/**
 * Half of what ends a process or a flush comes while something is on its way to a slow disk; and half of the clocks that
 * are set are set while nothing runs, as of a machine that comes up with a wrong time.
 */
function atWorstMoment(
  draw: Draw,
  writes: readonly Action[],
  fault: MachineFault & { readonly atMs: number },
): Action[] {
  const { random } = draw;
  const { kind, atMs, machine } = fault;
  if (kind === "copy")
    return [fault, ...writesOf(draw, { machine, fromMs: atMs, forMs: fault.forMs, count: 12 })];
  if (kind === "restore") {
    const before = { machine, fromMs: atMs, forMs: fault.afterMs, count: 6 };
    const after = { machine, fromMs: atMs + fault.afterMs, forMs: 2_000, count: 6 };
    return [fault, ...writesOf(draw, before), ...writesOf(draw, after)];
  }
  if (random.chance(0.5)) return [fault];
  if (kind === "clock-jump") {
    return [{ atMs: atMs - 1, kind: "kill", machine, forMs: random.between(10, 5_000) }, fault];
  }
  const own = writes.filter((deed) => deed.kind === "write" && deed.machine === machine);
  if (!ENDS_FLUSH.has(kind) || own.length === 0) return [fault];
  const write = random.pick(own);
  const flushMs = random.spread(1, 50);
  return [
    { atMs: write.atMs - 1, kind: "disk-slow", machine, forMs: 1_000, flushMs },
    {
      ...(random.chance(0.5) ? brief(fault, flushMs) : fault),
      atMs: write.atMs + random.spread(0.5, 4) * flushMs,
    },
  ];
}

/** What a copied disk and the one that it was copied from write, or one before and after it was restored: it forks. */
function writesOf(
  { random, storeCount }: Draw,
  of: { machine: number; fromMs: number; forMs: number; count: number },
): Action[] {
  return Array.from({ length: of.count }, () => {
    const atMs = of.fromMs + random.below(of.forMs);
    const store = random.below(storeCount);
    return { atMs, kind: "write", machine: of.machine, store, seed: random.uint32() };
  });
}

/** So short that one flush fails and the next one does not. */
function brief(fault: MachineFault & { readonly atMs: number }, flushMs: number): typeof fault {
  return fault.kind === "disk-full" || fault.kind === "disk-failing" ? { ...fault, forMs: flushMs } : fault;
}

function anyJump(random: Prng): number {
  const isFar = random.chance(0.3);
  const size = isFar ? random.between(300_000, 1_200_000) : Math.floor(random.spread(10, 240_000));
  return random.chance(0.5) ? size : -size;
}

function networkFaults({ random, machineCount, durationMs }: Draw): Action[] {
  const some = (ms: number) => Math.floor(random.spread(ms / 100, ms));
  const makers: readonly (() => NetworkFault | undefined)[] = [
    () => ({
      kind: "partition",
      sides: Array.from({ length: machineCount }, () => random.below(random.chance(0.2) ? 3 : 2)),
      ...(random.chance(0.3) ? { bridge: random.below(machineCount) } : {}),
      oneWay: random.chance(0.3),
      forMs: some(180_000),
      flaps: random.chance(0.3) ? random.between(2, 8) : 1,
    }),
    () => ({ kind: "weather", conditions: anyConditions(random), forMs: some(180_000) }),
    () => ({
      kind: "bad-way",
      from: random.below(machineCount),
      to: random.below(machineCount),
      conditions: { ...anyConditions(random), bytesPerMs: random.spread(0.5, 100) },
      forMs: some(180_000),
    }),
    () => ({ kind: "storm", times: random.between(1, 10), everyMs: some(2_000) }),
  ];
  return sprinkle(makers, { random, durationMs, countMax: 8 });
}

function attacks({ random, machineCount, honestCount, storeCount, durationMs }: Draw): Action[] {
  const makers: readonly (() => Attack)[] = ATTACKS.map((name) => () => ({
    kind: "attack",
    machine: random.between(honestCount, machineCount - 1),
    victim: random.below(honestCount),
    store: random.below(storeCount),
    name,
    seed: random.uint32(),
  }));
  return sprinkle(makers, { random, durationMs, countMax: 40 });
}

/** Of each plan, only some of the kinds there are. */
function sprinkle<T extends object>(
  makers: readonly (() => T | undefined)[],
  { random, durationMs, countMax }: { random: Prng; durationMs: number; countMax: number },
): (T & { readonly atMs: number })[] {
  if (makers.length === 0) return [];
  const chosen = random.shuffled(makers).slice(0, random.between(1, makers.length));
  return Array.from({ length: random.below(countMax + 1) }, () => {
    const made = random.pick(chosen)();
    return made && { atMs: random.between(1_000, durationMs), ...made };
  }).filter((made) => made !== undefined);
}

function anyConditions(random: Prng): Conditions {
  return {
    latencyMs: random.spread(0.2, 300),
    jitterMs: random.spread(0.1, 500),
    loss: random.chance(0.5) ? 0 : random.spread(0.001, 0.3),
    duplication: random.chance(0.5) ? 0 : random.spread(0.001, 0.3),
    bytesPerMs: random.spread(20, 10_000),
  };
}
