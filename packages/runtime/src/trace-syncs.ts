/** How long it takes until a node and a peer that have found each other hold the same, as a span for each session. */
import type { Tracing } from "@lattice/api";
import { bytesKey, formatStoreId, LatticeError, toHex, type PubKey, type StoreId } from "@lattice/model";
import type { Node, NodeEvent } from "@lattice/node";

/** Sessions that are not in sync yet; beyond so many, later ones leave no trace. */
const PENDING_MAX = 1024;

interface Pending {
  readonly sinceMs: number;
  readonly before: Moved;
}

interface Moved {
  readonly received: number;
  readonly sent: number;
}

/** Until the signal ends it. */
export async function traceSyncs(node: Node, tracing: Tracing, signal: AbortSignal): Promise<void> {
  const tracer = new SyncTracer(node, tracing);
  for await (const event of node.events.subscribe(signal)) tracer.take(event);
}

class SyncTracer {
  readonly #node: Node;
  readonly #tracing: Tracing;
  /** By store and peer. */
  readonly #pending = new Map<string, Pending>();

  constructor(node: Node, tracing: Tracing) {
    this.#node = node;
    this.#tracing = tracing;
  }

  take({ kind, timeMs, storeId, peer }: NodeEvent): void {
    if (storeId === undefined || peer === undefined) return;
    const key = bytesKey(storeId) + bytesKey(peer);
    if (kind === "peer-connected" && this.#pending.size < PENDING_MAX) {
      this.#pending.set(key, { sinceMs: timeMs, before: this.#moved(storeId, peer) });
    } else if (kind === "synced") {
      this.#end(key, storeId, peer);
    } else if (kind === "peer-disconnected") {
      this.#end(
        key,
        storeId,
        peer,
        new LatticeError("unavailable", "the session ended before both held the same"),
      );
    }
  }

  #end(key: string, storeId: StoreId, peer: PubKey, error?: LatticeError): void {
    const pending = this.#pending.get(key);
    if (pending === undefined) return;
    this.#pending.delete(key);
    const { received, sent } = this.#moved(storeId, peer);
    const attributes = {
      "lattice.store": formatStoreId(storeId),
      "lattice.peer": toHex(peer).slice(0, 16),
      "lattice.received": received - pending.before.received,
      "lattice.sent": sent - pending.before.sent,
    };
    this.#tracing.start({ name: "sync", kind: "internal", startMs: pending.sinceMs, attributes }).end(error);
  }

  #moved(storeId: StoreId, peer: PubKey): Moved {
    const key = bytesKey(storeId) + bytesKey(peer);
    const found = this.#node
      .figures()
      .peers.find((each) => bytesKey(each.storeId) + bytesKey(each.peer) === key);
    return found ?? { received: 0, sent: 0 };
  }
}
