/**
 * The transport over libp2p: QUIC, and TCP with noise and yamux where UDP is blocked. libp2p itself is loaded on the
 * first call, so that importing this package costs nothing.
 */
import { LatticeError, SEED_BYTES } from "@lattice/model";
import type { Transport } from "../transport.ts";

export interface ListenAddress {
  /** An IP address or a name that resolves to one of this machine; `0.0.0.0` and `::` are all of them. */
  readonly host: string;
  /** For UDP and TCP alike; 0 or none for a free one. Taken ports are replaced by free ones: see `addresses()`. */
  readonly port?: number;
}

export interface Libp2pTransportOptions {
  /** The Ed25519 seed of this node's identity, 32 bytes. */
  readonly seed: Uint8Array;
  /** None for a node that only dials. */
  readonly listen: readonly ListenAddress[];
  /** How long dialling a peer may take, over all its addresses. */
  readonly dialTimeoutMs?: number;
}

/**
 * Rejects with `invalid-argument` for a wrong seed or an unknown host, `unavailable` where it cannot listen.
 */
export async function openLibp2pTransport(options: Libp2pTransportOptions): Promise<Transport> {
  if (options.seed.length !== SEED_BYTES) {
    throw new LatticeError(
      "invalid-argument",
      `a seed has ${SEED_BYTES} bytes, this one ${options.seed.length}`,
    );
  }
  const { Libp2pTransport } = await import("./libp2p-transport.ts");
  return await Libp2pTransport.start(options);
}
