/** What an intention's author had seen, read off the DAG. */
import { bytesKey, type IntentionId } from "@lattice/model";
import { CAUSAL_WALK_COUNT_MAX } from "./limits.ts";
import type { WitnessLog } from "./log.ts";

/** What an intention stands on: its author's one before, and what it cites; without what is not in the log. */
export function parentsOf(log: WitnessLog, id: IntentionId): readonly IntentionId[] {
  const intention = log.get(id)?.intention;
  if (intention === undefined) return [];
  return [intention.storePrev, ...intention.condition].filter((parent) => log.has(parent));
}

/**
 * Which of `candidates` lie in the causal past of `id`. Parents stand before their children in the log, so nothing older
 * than the oldest candidate is looked at. Undefined where the way there is longer than `CAUSAL_WALK_COUNT_MAX`.
 */
export function inPastOf(
  log: WitnessLog,
  id: IntentionId,
  candidates: readonly IntentionId[],
): readonly IntentionId[] | undefined {
  const places = candidates.map((candidate) => log.wseqOf(candidate) ?? Infinity);
  const oldest = Math.min(...places);
  const met = new Set<string>();
  const pending = [id];
  for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
    for (const parent of parentsOf(log, at)) {
      const name = bytesKey(parent);
      if (met.has(name) || log.wseqOf(parent)! < oldest) continue;
      met.add(name);
      pending.push(parent);
    }
    if (met.size > CAUSAL_WALK_COUNT_MAX) return undefined;
  }
  return candidates.filter((candidate) => met.has(bytesKey(candidate)));
}
