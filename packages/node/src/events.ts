/** What happens on a node, for people and programs that watch it. */
import { Broadcast, type PubKey, type StoreId } from "@lattice/model";
import { EVENTS_PENDING_MAX } from "./limits.ts";

export type NodeEventKind =
  | "store-opened"
  | "store-failed"
  | "peer-connected"
  | "peer-disconnected"
  | "synced"
  | "fork"
  | "member-joined"
  | "disk-full"
  | "disk-recovered"
  | "projection-paused"
  | "gap";

export interface NodeEvent {
  readonly kind: NodeEventKind;
  readonly timeMs: number;
  readonly storeId?: StoreId | undefined;
  readonly peer?: PubKey | undefined;
  /** One line for people. */
  readonly text: string;
}

/** A listener that lags is told that it missed something. */
export function nodeEvents(): Broadcast<NodeEvent> {
  return new Broadcast({
    pendingMax: EVENTS_PENDING_MAX,
    gap: ({ timeMs }) => ({ kind: "gap", timeMs, text: "so much happened that some of it is not shown" }),
  });
}
