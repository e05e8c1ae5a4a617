/**
 * What a person has typed, kept for as long as the tab is open: over errors, other places of the page, a lost connection
 * and a reload.
 */
import { useCallback, useSyncExternalStore } from "react";

const PREFIX = "lattice.kept.";
const values = new Map<string, unknown>();
const listeners = new Set<() => void>();

function read(key: string): unknown {
  if (values.has(key)) return values.get(key);
  const value = readStored(key);
  values.set(key, value);
  return value;
}

function readStored(key: string): unknown {
  try {
    const text = sessionStorage.getItem(PREFIX + key);
    return text === null ? undefined : (JSON.parse(text) as unknown);
  } catch {
    return undefined;
  }
}

/** `undefined` forgets it. */
function keep(key: string, value: unknown): void {
  values.set(key, value);
  try {
    if (value === undefined) sessionStorage.removeItem(PREFIX + key);
    else sessionStorage.setItem(PREFIX + key, JSON.stringify(value));
  } catch {
    // Storage is full or denied: it is kept until the page is loaded anew.
  }
  for (const listener of listeners) listener();
}

function subscribe(onChange: () => void): () => void {
  listeners.add(onChange);
  return () => listeners.delete(onChange);
}

/** The last function forgets what was kept, so that the start holds again. The value must be plain data. */
export function useKept<T>(key: string, start: T): [value: T, set: (value: T) => void, forget: () => void] {
  const kept = useSyncExternalStore(subscribe, () => read(key));
  const set = useCallback((value: T) => keep(key, value), [key]);
  const forget = useCallback(() => keep(key, undefined), [key]);
  return [kept === undefined ? start : (kept as T), set, forget];
}
