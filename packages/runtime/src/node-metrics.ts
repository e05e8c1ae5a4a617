/** The figures of a node as metrics. Every name stands in docs/http.md, with what it means. */
import { counter, gauge, type Histogram, type Metric, type Sample } from "@lattice/http";
import { formatStoreId, toHex } from "@lattice/model";
import type { Node, NodeFigures, OpenStoreFigures, PeerFigures } from "@lattice/node";

export interface NodeMetricsOptions {
  readonly version: string;
  readonly flushes: Histogram;
}

export function* nodeMetrics(node: Node, { version, flushes }: NodeMetricsOptions): Iterable<Metric> {
  const figures = node.figures();
  yield gauge("lattice_node_info", "1, with the version and the public key of the node.", [
    { labels: { version, node: toHex(node.self) }, value: 1 },
  ]);
  yield* storesMetrics(figures);
  yield flushes.metric("lattice_flush_seconds", "How long writes of the logs to the disk took.");
  yield* syncMetrics(figures);
  yield* peerMetrics(figures.peers);
}

function* storesMetrics({ stores }: NodeFigures): Iterable<Metric> {
  yield gauge(
    "lattice_store_info",
    "1, with the name and the type of a store.",
    stores.map(({ id, name, type }) => ({ labels: { store: formatStoreId(id), name, type }, value: 1 })),
  );
  yield gauge(
    "lattice_store_open",
    "1 where a store can be used, 0 where it is closed, because it is damaged or of an unknown type.",
    stores.map(({ id, open }) => ({
      labels: { store: formatStoreId(id) },
      value: Number(open !== undefined),
    })),
  );
  const open = stores.flatMap(({ id, open: its }) => (its === undefined ? [] : [{ id, its }]));
  const each = (valueOf: (figures: OpenStoreFigures) => number | boolean): Sample[] =>
    open.map(({ id, its }) => ({ labels: { store: formatStoreId(id) }, value: Number(valueOf(its)) }));
  yield counter(
    "lattice_store_writes_total",
    "Intentions that this node wrote, since ever.",
    each((its) => its.ownCount),
  );
  yield counter(
    "lattice_store_intentions_total",
    "Intentions in the log, of whichever author, since ever.",
    each((its) => its.intentionCount),
  );
  yield gauge(
    "lattice_store_queue_writes",
    "Writes, and batches of peers, that wait for the next write to the disk.",
    each((its) => its.waitingCount),
  );
  yield gauge(
    "lattice_store_floating_intentions",
    "Intentions that wait for their parents.",
    each((its) => its.floatingCount),
  );
  yield gauge(
    "lattice_store_projection_lag_intentions",
    "Intentions in the log that the state does not show yet.",
    each((its) => its.intentionCount - its.projectedCount),
  );
  yield gauge(
    "lattice_store_projection_paused",
    "1 where the projection waits for a newer program.",
    each((its) => its.isProjectionPaused),
  );
  yield gauge(
    "lattice_store_poisoned_intentions",
    "Intentions whose op counts for nothing.",
    each((its) => its.poisonCount),
  );
  yield gauge(
    "lattice_store_heads",
    "Heads of the graph of intentions.",
    each((its) => its.headCount),
  );
  yield gauge(
    "lattice_store_forks",
    "Places where an author has written two logs.",
    each((its) => its.forkCount),
  );
  yield gauge(
    "lattice_store_disk_full",
    "1 while writes are refused for want of room.",
    each((its) => its.isDiskFull),
  );
  yield gauge(
    "lattice_store_disk_bytes",
    "What the store takes on the disk.",
    each((its) => its.diskBytes),
  );
  yield counter(
    "lattice_store_rejected_total",
    "Intentions of peers that were refused, since the store was opened, by reason.",
    open.flatMap(({ id, its }) =>
      [...its.rejected].map(([reason, value]) => ({ labels: { store: formatStoreId(id), reason }, value })),
    ),
  );
}

function* syncMetrics({ syncs, sessionsStarted, sessionsEnded }: NodeFigures): Iterable<Metric> {
  yield counter("lattice_syncs_total", "Comparisons with a peer that found both to hold the same.", syncs);
  yield counter("lattice_sync_sessions_total", "Sessions with peers that began.", sessionsStarted);
  yield gauge("lattice_sync_sessions", "Sessions with peers that stand.", sessionsStarted - sessionsEnded);
}

function* peerMetrics(peers: readonly PeerFigures[]): Iterable<Metric> {
  const labelsOf = ({ storeId, peer, name }: PeerFigures) => ({
    store: formatStoreId(storeId),
    peer: toHex(peer).slice(0, 16),
    name,
  });
  const each = (valueOf: (figures: PeerFigures) => number | boolean | undefined): Sample[] =>
    peers.flatMap((figures) => {
      const value = valueOf(figures);
      return value === undefined ? [] : [{ labels: labelsOf(figures), value: Number(value) }];
    });
  yield gauge(
    "lattice_peer_connected",
    "1 while there is a session with a member about a store.",
    each((its) => its.isConnected),
  );
  yield gauge(
    "lattice_peer_lag_intentions",
    "Intentions of this node that a peer may still lack; absent while it is not connected.",
    each((its) => its.unsentCount),
  );
  yield counter(
    "lattice_peer_received_total",
    "Intentions that were new to this node, since its start.",
    each((its) => its.received),
  );
  yield counter(
    "lattice_peer_sent_total",
    "Intentions that were sent to a peer, since this node's start.",
    each((its) => its.sent),
  );
  yield gauge(
    "lattice_peer_heard_timestamp_seconds",
    "When a peer was last heard, in seconds since 1970; absent where it was not since this node's start.",
    each((its) => secondsOf(its.lastHeardMs)),
  );
  yield gauge(
    "lattice_peer_same_timestamp_seconds",
    "When both last held the same, in seconds since 1970; absent where they did not since this node's start.",
    each((its) => secondsOf(its.lastSameMs)),
  );
}

function secondsOf(ms: number): number | undefined {
  return ms === 0 ? undefined : ms / 1000;
}
