/**
 * `pnpm explore raft`: takes the Raft core through everything that can happen in small worlds. Without bounds, through several
 * worlds that are seen whole; with any, through the one that they describe, as far as time and memory allow.
 *
 *   --members N     who votes at the beginning, 1 to 5 (3)     --faults N       crashes and doubled messages (1)
 *   --learners N    (0)                                        --reads N        (0)
 *   --outsiders N   machines that may become members (0)       --pre-votes N    elections with a real pre-vote (0)
 *   --terms N       terms with elections (1)                   --snapshots N    (0)
 *   --entries N     proposals (1)                              --transfers N    (0)
 *   --instant-disks writes are done at once                    --changes N      of the membership (0)
 *                                                              --step-downs N   of leaders that hear no majority (0)
 *   --seconds N     stop after N seconds (100)
 *   --states N      no more than about N states (20,000,000, for which it takes 1.5 GB)
 *   --replay PATH   go a way again that was printed, with the same bounds
 */
import { parseArgs } from "node:util";
import { LatticeError } from "@lattice/model";
import {
  BUDGET_MAX,
  BUDGETS,
  MEMBERS_MAX,
  smallBounds,
  TERMS_MAX,
  type Bounds,
  type Budget,
} from "../explore/bounds.ts";
import { Explorer, type Figures } from "../explore/explorer.ts";
import { retrace } from "../explore/trail.ts";
import { worlds, type NamedWorld } from "../explore/worlds.ts";

const STATES_AT_ONCE = 2000;
const PROGRESS_MS = 5000;

interface Limits {
  readonly endsAtMs: number;
  readonly states: number;
}

interface Arguments {
  /** Undefined where none is described. */
  readonly bounds: Bounds | undefined;
  readonly seconds: number;
  readonly states: number;
  readonly replay: readonly string[] | undefined;
}

type Range = readonly [from: number, to: number];

const COUNTS: Readonly<Record<Exclude<keyof Bounds, "hasSlowDisks">, Range>> = {
  members: [1, MEMBERS_MAX],
  learners: [0, 2],
  outsiders: [0, 2],
  terms: [1, TERMS_MAX],
  ...(Object.fromEntries(BUDGETS.map((budget) => [budget, [0, BUDGET_MAX] as Range])) as Record<
    Budget,
    Range
  >),
};

function readArguments(args: readonly string[]): Arguments {
  const names = Object.keys(COUNTS) as (keyof typeof COUNTS)[];
  const text = { type: "string" } as const;
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      ...Object.fromEntries(
        [...names.map(optionOf), "seconds", "states", "replay"].map((name) => [name, text]),
      ),
      "instant-disks": { type: "boolean", default: false },
    },
  });
  const given = values as Readonly<Record<string, string | boolean | undefined>>;
  if (positionals.join() !== "raft")
    throw invalid(`what there is to explore is "raft", not "${positionals.join(" ")}"`);
  const isInstant = given["instant-disks"] === true;
  const described = names.filter((name) => given[optionOf(name)] !== undefined);
  const counts = described.map((name) => [
    name,
    countOf(optionOf(name), given[optionOf(name)], COUNTS[name]),
  ]);
  const bounds = { ...smallBounds, hasSlowDisks: !isInstant, ...Object.fromEntries(counts) } as Bounds;
  const isDescribed = isInstant || described.length > 0 || given["replay"] !== undefined;
  return {
    bounds: isDescribed ? bounds : undefined,
    seconds: countOf("seconds", given["seconds"] ?? "100", [1, 1e6]),
    states: countOf("states", given["states"] ?? "20000000", [1, 1e8]),
    replay: typeof given["replay"] === "string" ? given["replay"].split(",") : undefined,
  };
}

/** preVotes: pre-votes */
function optionOf(name: string): string {
  return name.replace(/[A-Z]/, (letter) => `-${letter.toLowerCase()}`);
}

function countOf(name: string, text: unknown, [from, to]: Range): number {
  const count = /^\d{1,9}$/.test(String(text)) ? Number(text) : NaN;
  if (count >= from && count <= to) return count;
  throw invalid(`--${name} wants a whole number from ${from} to ${to}, not "${String(text)}"`);
}

function invalid(message: string): LatticeError {
  return new LatticeError("invalid-argument", message);
}

function main(): boolean {
  const { bounds, seconds, states, replay } = readArguments(process.argv.slice(2));
  if (replay !== undefined) return replayed(bounds!, replay);
  const limits = { endsAtMs: performance.now() + seconds * 1000, states };
  const all = bounds === undefined ? worlds : [{ name: "as described", bounds }];
  return all.every((world) => explored(world, limits));
}

/** Whether nothing was found to be broken. */
function explored({ name, bounds }: NamedWorld, limits: Limits): boolean {
  console.log(`${name}: ${boundsText(bounds)}`);
  const explorer = new Explorer({ bounds });
  const [start, startCpu] = [performance.now(), process.cpuUsage()];
  let tellAtMs = start + PROGRESS_MS;
  let ended = "";
  while (ended === "" && explorer.advance(STATES_AT_ONCE)) {
    ended = limitReached(explorer.figures, limits);
    if (performance.now() < tellAtMs) continue;
    tellAtMs += PROGRESS_MS;
    console.error(`  ${figuresText(explorer.figures)}`);
  }
  const { user, system } = process.cpuUsage(startCpu);
  const [wallMs, cpuMs] = [performance.now() - start, (user + system) / 1000];
  console.log(`  ${figuresText(explorer.figures)}`);
  console.log(`  ${paceText(explorer.figures, wallMs, cpuMs)}`);
  if (explorer.found !== undefined) return told(bounds, explorer.found.path);
  console.log(
    explorer.isExhausted
      ? "  all of it was seen, and no rule was broken"
      : `  ended by ${ended}; no rule was broken so far`,
  );
  return true;
}

function limitReached({ states }: Figures, limits: Limits): string {
  if (states >= limits.states) return "--states";
  return performance.now() >= limits.endsAtMs ? "--seconds" : "";
}

function told(bounds: Bounds, path: readonly string[]): boolean {
  replayed(bounds, path);
  console.log(`\nagain: pnpm explore raft ${optionsText(bounds)} --replay ${path.join()}`);
  return false;
}

function replayed(bounds: Bounds, path: readonly string[]): boolean {
  const { lines, violation } = retrace({ bounds, path });
  console.log(["", ...lines, "", violation?.message ?? "no rule is broken"].join("\n"));
  return violation === undefined;
}

function boundsText({ hasSlowDisks, ...counts }: Bounds): string {
  const all = Object.entries(counts).filter(([name, count]) => count > 0 || name === "faults");
  return [
    ...all.map(([name, count]) => `${optionOf(name)} ${count}`),
    `${hasSlowDisks ? "slow" : "instant"} disks`,
  ].join(", ");
}

function optionsText({ hasSlowDisks, ...counts }: Bounds): string {
  const all = Object.entries(counts).map(([name, count]) => `--${optionOf(name)} ${count}`);
  return [...all, ...(hasSlowDisks ? [] : ["--instant-disks"])].join(" ");
}

function figuresText({ states, transitions, depth, waiting, memberStates, progressed }: Figures): string {
  const counts = {
    states,
    transitions,
    waiting,
    "states of one member": memberStates,
    "shown to go on": progressed,
  };
  const texts = Object.entries(counts).map(([name, count]) => `${count.toLocaleString("en")} ${name}`);
  return [...texts, `depth ${depth}`].join(", ");
}

function paceText({ states, tableBytes }: Figures, wallMs: number, cpuMs: number): string {
  const perSecond = Math.round(states / (cpuMs / 1000)).toLocaleString("en");
  const mega = (bytes: number) => `${Math.round(bytes / 1e6)} MB`;
  const memory = `${mega(process.memoryUsage().rss)}, of it ${mega(tableBytes)} tables`;
  return `${(wallMs / 1000).toFixed(1)} s, ${(cpuMs / 1000).toFixed(1)} s of a core, ${perSecond} states/s of it; ${memory}`;
}

try {
  process.exitCode = main() ? 0 : 1;
} catch (error) {
  console.error(`error: ${(error as Error).message}`);
  process.exitCode = 2;
}
