import { daemon } from "@lattice/proto";

const { NodeEvent_Kind: Kind } = daemon;

export type EventTone = "good" | "bad" | "plain";

interface EventKind {
  readonly label: string;
  readonly tone: EventTone;
}

const KINDS: Readonly<Record<daemon.NodeEvent_Kind, EventKind>> = {
  [Kind.UNSPECIFIED]: { label: "other", tone: "plain" },
  [Kind.STORE_OPENED]: { label: "store opened", tone: "good" },
  [Kind.STORE_FAILED]: { label: "store failed", tone: "bad" },
  [Kind.PEER_CONNECTED]: { label: "peer connected", tone: "good" },
  [Kind.PEER_DISCONNECTED]: { label: "peer disconnected", tone: "plain" },
  [Kind.SYNCED]: { label: "synced", tone: "plain" },
  [Kind.FORK]: { label: "fork", tone: "bad" },
  [Kind.MEMBER_JOINED]: { label: "member joined", tone: "good" },
  [Kind.DISK_FULL]: { label: "disk full", tone: "bad" },
  [Kind.DISK_RECOVERED]: { label: "disk recovered", tone: "good" },
  [Kind.PROJECTION_PAUSED]: { label: "projection paused", tone: "bad" },
  [Kind.GAP]: { label: "gap", tone: "bad" },
};

/** Also for a kind that a newer node has. */
export function eventKind(kind: daemon.NodeEvent_Kind): EventKind {
  return KINDS[kind] ?? KINDS[Kind.UNSPECIFIED];
}
