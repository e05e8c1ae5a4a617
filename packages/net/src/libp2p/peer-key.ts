/** Between this project's names for a peer and libp2p's. */
import { publicKeyFromRaw } from "@libp2p/crypto/keys";
import { peerIdFromPublicKey } from "@libp2p/peer-id";
import type { PeerId } from "@libp2p/interface";
import { isIdentityKey, type PubKey } from "@lattice/model";

export function peerIdOf(key: PubKey): PeerId {
  return peerIdFromPublicKey(publicKeyFromRaw(key));
}

/** The key that a peer proved to hold; undefined where it is not an Ed25519 key that may name somebody. */
export function pubKeyOf(peer: PeerId): PubKey | undefined {
  if (peer.type !== "Ed25519" || peer.publicKey === undefined) return undefined;
  const raw = new Uint8Array(peer.publicKey.raw);
  return isIdentityKey(raw) ? raw : undefined;
}
