export { encodeFrame, FrameDecoder, type FrameViolation } from "./frames.ts";
export {
  openLibp2pTransport,
  type Libp2pTransportOptions,
  type ListenAddress,
} from "./libp2p/open-libp2p-transport.ts";
export { MemoryNetwork, type MemoryNetworkOptions } from "./memory/memory-network.ts";
export type { Channel, OpenOptions, Transport } from "./transport.ts";
