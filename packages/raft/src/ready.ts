/**
 * What a member wants done, as data. Whoever runs it does, in this order and without waiting where nothing is said of it:
 *
 *  1. sends `messages`;
 *  2. writes `write` and `chunks`, and makes `install` the state machine's state, in the order of `writeId`; then calls
 *     `persisted(writeId)`. A failure ends the member: only a new one, from what the disk holds, knows what is true;
 *  3. once everything up to `writeId` is durable, sends `afterPersist`;
 *  4. applies `committed` in order and calls `applied`;
 *  5. answers `reads`: each once the state machine has applied its index.
 *
 * A later `Ready` may be taken, and its `messages` sent, while earlier writes are under way.
 */
import type { Entry } from "./entry.ts";
import type { LogIndex } from "./ids.ts";
import type { Message, ReadId } from "./message.ts";
import type { HardState, SnapshotMeta } from "./storage.ts";

/** A piece of a snapshot that is being received: to be kept, behind what is there of it. At offset 0 it begins anew. */
export interface ReceivedChunk {
  readonly snapshot: SnapshotMeta;
  readonly offset: number;
  readonly data: Uint8Array;
}

export interface ReadResult {
  readonly read: ReadId;
  /** What the answer has to show at least; undefined where nobody could say. Then nothing is known, and one may ask again. */
  readonly index: LogIndex | undefined;
}

export interface PersistentChange {
  readonly hardState: HardState | undefined;
  readonly entries: readonly Entry[];
  readonly chunks: readonly ReceivedChunk[];
  /** All chunks of it are among those so far. The log goes on behind it; its entries in this change come after it. */
  readonly install: SnapshotMeta | undefined;
}

export interface Ready {
  readonly messages: readonly Message[];
  /** Of the last write that was asked for, in this `Ready` or an earlier one; 0 before the first. */
  readonly writeId: number;
  readonly write: PersistentChange | undefined;
  readonly afterPersist: readonly Message[];
  readonly committed: readonly Entry[];
  readonly reads: readonly ReadResult[];
}
