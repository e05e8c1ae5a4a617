/** Intentions that liars made and that no honest log may ever hold, whatever brought them there. */
import { bytesKey, type IntentionId } from "@lattice/model";
import type { World } from "../world.ts";

/** Id → the time from which on it may be held after all; undefined for never. */
const byWorld = new WeakMap<World, Map<string, number | undefined>>();

export function forbid(world: World, id: IntentionId, untilMs: number | undefined): void {
  const known = byWorld.get(world) ?? new Map<string, number | undefined>();
  byWorld.set(world, known);
  known.set(bytesKey(id), untilMs);
}

export function isForbidden(world: World, id: IntentionId, nowMs: number): boolean {
  const known = byWorld.get(world);
  const key = bytesKey(id);
  if (known?.has(key) !== true) return false;
  return nowMs < (known.get(key) ?? Infinity);
}
