/**
 * After a rebuild that lost something, a store writes nothing until a member has shown that all of it is back: a write in
 * a place that its author has used already would fork its log.
 */
import type { PubKey } from "@lattice/model";
import type { Store } from "@lattice/kernel";

/** In whose name writes are held back: nobody's key. */
const UNKNOWN_PEER = new Uint8Array(32) as PubKey;

export function holdWrites(store: Store): void {
  store.replica.noteOwnSeqElsewhere(UNKNOWN_PEER, Number.MAX_SAFE_INTEGER, { isCertain: true });
}

export function releaseWrites(store: Store): void {
  store.replica.forgetPeer(UNKNOWN_PEER);
}
