/** Faults in an order that a seed decides, some at the same time, for a given time. */
import { setTimeout as delay } from "node:timers/promises";
import { seededNumbers } from "../../seeded-numbers.ts";
import type { ChaosWorld } from "./chaos-world.ts";
import type { Draw, Fault, Undo } from "./faults/fault.ts";

export interface ScheduleOptions {
  readonly seed: number;
  readonly seconds: number;
  readonly faults: readonly Fault[];
}

const PAUSE_MS = { least: 200, more: 2_000 } as const;
const LASTING_MS = { least: 300, more: 9_000 } as const;

/** Resolves when all faults are undone. */
export async function runSchedule(
  world: ChaosWorld,
  { seed, seconds, faults }: ScheduleOptions,
): Promise<void> {
  const below = seededNumbers(seed);
  const endAt = performance.now() + seconds * 1000;
  const under = new Set<Promise<void>>();
  const underMax = Math.max(2, Math.floor(world.size / 2) + 1);
  const deck: Fault[] = [];
  while (performance.now() < endAt) {
    await delay(Math.min(PAUSE_MS.least + below(PAUSE_MS.more), Math.max(0, endAt - performance.now())));
    while (under.size >= underMax) await Promise.race(under);
    if (performance.now() >= endAt) break;
    if (deck.length === 0) deck.push(...shuffled(faults, below));
    const fault = deck.pop()!;
    const draw = newDraw(below);
    const done: Promise<void> = runFault(world, fault, draw).finally(() => under.delete(done));
    under.add(done);
  }
  await Promise.all(under);
}

/** Every fault as often as it weighs. */
function shuffled(faults: readonly Fault[], below: (bound: number) => number): Fault[] {
  const cards = faults.flatMap((fault) => Array.from({ length: fault.weight }, () => fault));
  for (let left = cards.length; left > 1; left--) {
    const at = below(left);
    [cards[at], cards[left - 1]] = [cards[left - 1]!, cards[at]!];
  }
  return cards;
}

/** Takes as many numbers of the seed whatever becomes of the fault. */
function newDraw(below: (bound: number) => number): Draw {
  const forMs = LASTING_MS.least + below(1 + below(LASTING_MS.more));
  return { forMs, pick: seededNumbers(below(2 ** 32)) };
}

async function runFault(world: ChaosWorld, fault: Fault, draw: Draw): Promise<void> {
  const undo: Undo | undefined = await fault.begin(world, draw);
  if (undo === undefined) return;
  await delay(draw.forMs);
  await undo();
}
