/** What happens on a node, for its log. */
import { formatStoreId, toHex, type Log, type LogLevel } from "@lattice/model";
import type { Node, NodeEventKind } from "@lattice/node";

const LEVELS: Readonly<Record<NodeEventKind, LogLevel>> = {
  "store-opened": "info",
  "store-failed": "error",
  "peer-connected": "info",
  "peer-disconnected": "info",
  synced: "debug",
  fork: "warn",
  "member-joined": "info",
  "disk-full": "error",
  "disk-recovered": "info",
  "projection-paused": "warn",
  gap: "warn",
};

/** Until the signal ends it. */
export async function logEvents(node: Node, log: Log, signal: AbortSignal): Promise<void> {
  for await (const { kind, text, storeId, peer } of node.events.subscribe(signal)) {
    log(LEVELS[kind], kind, {
      text,
      store: storeId && formatStoreId(storeId),
      peer: peer && toHex(peer).slice(0, 16),
    });
  }
}
