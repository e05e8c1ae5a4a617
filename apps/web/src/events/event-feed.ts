/**
 * What has happened on the node since the page is open: the last so many events. Whatever an event tells of is read anew.
 */
import { useSyncExternalStore } from "react";
import type { daemon } from "@lattice/proto";
import { lattice } from "../connection/lattice.ts";
import type { StreamState } from "../connection/follow-stream.ts";
import { useStream } from "../connection/use-stream.ts";
import { keys } from "../data/queries.ts";
import { queryClient } from "../data/query-client.ts";
import { toHex } from "../text/hex.ts";

const EVENT_COUNT_MAX = 1_000;

export interface FeedEvent {
  /** Tells events apart, in the order in which they came. */
  readonly number: number;
  readonly event: daemon.NodeEvent;
}

let events: readonly FeedEvent[] = [];
let count = 0;
let resume: Uint8Array = new Uint8Array(0);
const listeners = new Set<() => void>();

function add(event: daemon.NodeEvent): void {
  if (event.resume.length > 0) resume = event.resume;
  events = [{ number: count++, event }, ...events].slice(0, EVENT_COUNT_MAX);
  for (const listener of listeners) listener();
  void queryClient.invalidateQueries({ queryKey: keys.stores });
  if (event.storeId.length > 0)
    void queryClient.invalidateQueries({ queryKey: keys.store(toHex(event.storeId)) });
}

/** To be used once, by what is always there. */
export function useEventStream(isSignedIn: boolean): StreamState {
  return useStream({
    key: isSignedIn ? "events" : undefined,
    open: (signal) => lattice.node.events({ resume }, { signal }),
    onItem: add,
    isEndless: true,
  });
}

/** The latest first. */
export function useEvents(): readonly FeedEvent[] {
  return useSyncExternalStore(
    (onChange) => {
      listeners.add(onChange);
      return () => listeners.delete(onChange);
    },
    () => events,
  );
}
