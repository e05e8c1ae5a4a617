/**
 * The end of a log, as far back as it was read. Pure.
 *
 * Invariants
 *  1. Entries are in the order of the log, none twice: one that comes late stands where it belongs.
 */
import { compareBytes } from "../text/compare-bytes.ts";
import type { LogEntry } from "./log-messages.ts";

/** Entries kept at most; the oldest go first. */
export const RUN_COUNT_MAX = 20_000;

export function withEntries(run: readonly LogEntry[], added: readonly LogEntry[]): readonly LogEntry[] {
  const [first] = added;
  if (first === undefined) return run;
  const last = run.at(-1);
  const isBehind = last === undefined || compareBytes(last.cursor, first.cursor) < 0;
  const all = isBehind && isOrdered(added) ? [...run, ...added] : merged(run, added);
  return all.length > RUN_COUNT_MAX ? all.slice(-RUN_COUNT_MAX) : all;
}

function isOrdered(entries: readonly LogEntry[]): boolean {
  return entries.every((entry, at) => at === 0 || compareBytes(entries[at - 1]!.cursor, entry.cursor) < 0);
}

function merged(run: readonly LogEntry[], added: readonly LogEntry[]): readonly LogEntry[] {
  const sorted = [...run, ...added].sort((a, b) => compareBytes(a.cursor, b.cursor));
  return sorted.filter((entry, at) => at === 0 || compareBytes(entry.cursor, sorted[at - 1]!.cursor) !== 0);
}
