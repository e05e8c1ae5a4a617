/**
 * The libp2p node: which parts it has and how much it lets strangers have of it. There is no identify, no discovery
 * and no relay: a peer learns our protocols by asking for one, and our addresses from the application.
 */
import { generateKeyPairFromSeed } from "@libp2p/crypto/keys";
import { noise } from "@libp2p/noise";
import { tcp } from "@libp2p/tcp";
import { yamux } from "@libp2p/yamux";
import type { PeerId } from "@libp2p/interface";
import { createLibp2p, type Libp2p, type Libp2pOptions } from "libp2p";
import {
  CONNECTION_WINDOW_BYTES,
  CONNECTIONS_COUNT_MAX,
  CONNECTIONS_PER_HOST_AND_SECOND_COUNT_MAX,
  CONNECTIONS_PER_PEER_COUNT_MAX,
  HANDSHAKE_TIMEOUT_MS,
  IDLE_TIMEOUT_MS,
  NEGOTIATION_TIMEOUT_MS,
  PENDING_CONNECTIONS_COUNT_MAX,
  STREAM_WINDOW_BYTES,
  STREAMS_PER_CONNECTION_COUNT_MAX,
} from "../limits.ts";
import type { Carrier, Listeners } from "./listening.ts";
import { pubKeyOf } from "./peer-key.ts";

export interface Libp2pNode {
  readonly libp2p: Libp2p;
  readonly listeners: Listeners;
  /** Best first. */
  readonly carriers: readonly Carrier[];
}

type TransportFactory = NonNullable<Libp2pOptions["transports"]>[number];

/** A started node that does not listen yet. */
export async function startLibp2pNode(seed: Uint8Array): Promise<Libp2pNode> {
  const privateKey = await generateKeyPairFromSeed("Ed25519", seed);
  const quic = await quicFactory();
  const isRefused = (peer: PeerId): boolean =>
    pubKeyOf(peer) === undefined || libp2p.getConnections(peer).length >= CONNECTIONS_PER_PEER_COUNT_MAX;
  const libp2p = await createLibp2p({
    privateKey,
    start: false,
    addresses: { listen: [] },
    transports: [...(quic === undefined ? [] : [quic]), tcp({ maxConnections: CONNECTIONS_COUNT_MAX })],
    connectionEncrypters: [noise()],
    streamMuxers: [
      yamux({
        maxInboundStreams: STREAMS_PER_CONNECTION_COUNT_MAX,
        maxOutboundStreams: STREAMS_PER_CONNECTION_COUNT_MAX,
        // More than 10 (the default) before the upgrade is through would cost the peer its connection.
        maxEarlyStreams: STREAMS_PER_CONNECTION_COUNT_MAX,
        streamOptions: { maxStreamWindowSize: STREAM_WINDOW_BYTES },
      }),
    ],
    connectionGater: {
      denyInboundEncryptedConnection: isRefused,
      denyOutboundEncryptedConnection: isRefused,
    },
    connectionManager: {
      maxConnections: CONNECTIONS_COUNT_MAX,
      maxIncomingPendingConnections: PENDING_CONNECTIONS_COUNT_MAX,
      inboundConnectionThreshold: CONNECTIONS_PER_HOST_AND_SECOND_COUNT_MAX,
      inboundUpgradeTimeout: HANDSHAKE_TIMEOUT_MS,
      inboundStreamProtocolNegotiationTimeout: NEGOTIATION_TIMEOUT_MS,
      outboundStreamProtocolNegotiationTimeout: NEGOTIATION_TIMEOUT_MS,
    },
    // Finds dead TCP connections; patient, because a node that applies a large batch answers late.
    connectionMonitor: { pingInterval: IDLE_TIMEOUT_MS, pingTimeout: { minTimeout: 2 * IDLE_TIMEOUT_MS } },
    services: {
      // `getMultiaddrs()` leaves out public addresses that nobody has confirmed, so the listeners are asked.
      parts: ({ transportManager }: { transportManager: Listeners }) => ({ listeners: transportManager }),
    },
  });
  libp2p.addEventListener("peer:disconnect", ({ detail }) => {
    // The peer store keeps a record of every identity that ever connected; strangers could fill it.
    libp2p.peerStore.delete(detail).catch(() => undefined);
  });
  await libp2p.start();
  const carriers: readonly Carrier[] = quic === undefined ? ["tcp"] : ["quic", "tcp"];
  return { libp2p, listeners: libp2p.services.parts.listeners, carriers };
}

/** Undefined where there is no native library for this machine. */
async function quicFactory(): Promise<TransportFactory | undefined> {
  try {
    const { quicWithFlowControl } = await import("./quic-flow-control.ts");
    return quicWithFlowControl({
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
      maxIdleTimeout: IDLE_TIMEOUT_MS,
      keepAliveInterval: IDLE_TIMEOUT_MS / 2,
      maxConcurrentStreamLimit: STREAMS_PER_CONNECTION_COUNT_MAX,
      maxStreamData: STREAM_WINDOW_BYTES,
      maxConnectionData: CONNECTION_WINDOW_BYTES,
    });
  } catch {
    return undefined;
  }
}
