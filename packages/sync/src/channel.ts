import type { PubKey } from "@lattice/model";

/** What a session needs of a transport: authenticated, ordered, framed, with back-pressure on both sides. */
export interface SyncChannel {
  readonly peer: PubKey;
  readonly outbound: boolean;
  send(frame: Uint8Array): Promise<void>;
  readonly frames: AsyncIterable<Uint8Array>;
  close(): Promise<void>;
  abort(): void;
}

export const SYNC_PROTOCOL = "/lattice/sync/1";
export const JOIN_PROTOCOL = "/lattice/join/1";
