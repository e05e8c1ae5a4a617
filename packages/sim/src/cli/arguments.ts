/** What both simulations are told on the command line. */
import { parseArgs, type ParseArgsConfig } from "node:util";
import { LatticeError } from "@lattice/model";
import { parseSeed } from "../seed.ts";

export interface Arguments {
  readonly seed: string | undefined;
  readonly timeline: boolean;
  readonly seeds: number;
  readonly start: string;
  readonly seconds: number;
  readonly keep: boolean;
  readonly record: boolean;
  readonly jobs: number | undefined;
  /** Options of one simulation only. */
  readonly own: Readonly<Record<string, string | boolean | undefined>>;
}

const DEFAULT_SEEDS = 100;

/** Throws `invalid-argument`, or what `parseArgs` throws. */
export function readArguments(args: readonly string[], own: ParseArgsConfig["options"] = {}): Arguments {
  const { values } = parseArgs({
    args: [...args],
    allowNegative: true,
    options: {
      ...own,
      seed: { type: "string" },
      timeline: { type: "boolean", default: false },
      seeds: { type: "string" },
      start: { type: "string", default: "1" },
      seconds: { type: "string" },
      keep: { type: "boolean", default: false },
      record: { type: "boolean", default: true },
      jobs: { type: "string" },
    },
  });
  const given = values as Readonly<Record<string, string | boolean | undefined>>;
  const seconds = wholeNumber("seconds", given["seconds"]) ?? Infinity;
  return {
    seed: typeof given["seed"] === "string" ? parseSeed(given["seed"]) : undefined,
    timeline: given["timeline"] === true,
    seeds: wholeNumber("seeds", given["seeds"]) ?? (seconds === Infinity ? DEFAULT_SEEDS : 1e9),
    start: parseSeed(String(given["start"])),
    seconds,
    keep: given["keep"] === true,
    record: given["record"] === true,
    jobs: wholeNumber("jobs", given["jobs"]),
    own: given,
  };
}

export function wholeNumber(name: string, text: string | boolean | undefined): number | undefined {
  if (typeof text !== "string") return undefined;
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new LatticeError("invalid-argument", `--${name} wants a whole number from 1 on, not "${text}"`);
}
