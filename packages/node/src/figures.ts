/** How a node fares, in numbers: for whoever measures it. Read when asked for, from what is counted anyway. */
import type { PubKey, RejectReason, StoreId } from "@lattice/model";
import type { Store } from "@lattice/kernel";

export interface NodeFigures {
  readonly stores: readonly StoreFigures[];
  readonly peers: readonly PeerFigures[];
  /** Since the start: sessions that began, sessions that ended, and times that both sides held the same. */
  readonly sessionsStarted: number;
  readonly sessionsEnded: number;
  readonly syncs: number;
}

export interface StoreFigures {
  readonly id: StoreId;
  readonly name: string;
  readonly type: string;
  /** Absent while the store is not open. */
  readonly open: OpenStoreFigures | undefined;
}

export interface OpenStoreFigures {
  /** In the log, and of these, those that this node wrote itself. */
  readonly intentionCount: number;
  readonly ownCount: number;
  /** Of the log, how much the state shows. */
  readonly projectedCount: number;
  readonly floatingCount: number;
  readonly headCount: number;
  readonly forkCount: number;
  /** Whose op counts for nothing. */
  readonly poisonCount: number;
  /** Writes and batches that wait for the disk. */
  readonly waitingCount: number;
  readonly isProjectionPaused: boolean;
  readonly isDiskFull: boolean;
  readonly diskBytes: number;
  /** Since the store was opened. */
  readonly rejected: ReadonlyMap<RejectReason | "batch-rule", number>;
}

/** Of one other member of a store. */
export interface PeerFigures {
  readonly storeId: StoreId;
  readonly peer: PubKey;
  readonly name: string;
  readonly isConnected: boolean;
  /** Intentions, since this node's start. */
  readonly received: number;
  readonly sent: number;
  /** Intentions of this node's that the peer may still lack; undefined where there is no session. */
  readonly unsentCount: number | undefined;
  /** 0: not since this node's start. */
  readonly lastHeardMs: number;
  readonly lastSameMs: number;
}

export function openStoreFigures(store: Store, { diskBytes }: { diskBytes: number }): OpenStoreFigures {
  const { log, replica } = store;
  const { projection } = replica;
  return {
    intentionCount: log.head.wseq,
    ownCount: replica.ownTip().seq,
    projectedCount: projection.cursor.wseq,
    floatingCount: replica.floating.count,
    headCount: log.heads().length,
    forkCount: log.forkCount(),
    poisonCount: projection.poisonCount(),
    waitingCount: store.waitingCount,
    isProjectionPaused: projection.paused !== "",
    isDiskFull: store.isDiskFull,
    diskBytes,
    rejected: store.rejectedByReason,
  };
}
