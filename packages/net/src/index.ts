export { acceptChannel } from "./accept.ts";
export { FrameInbox } from "./frame-inbox.ts";
export { checkFrameLength, encodeFrame, FrameDecoder, type FrameViolation } from "./frames.ts";
export {
  openLibp2pTransport,
  type Libp2pTransportOptions,
  type ListenAddress,
} from "./libp2p/open-libp2p-transport.ts";
export { SEND_QUEUE_BYTES_MAX, UNREAD_BYTES_MAX } from "./limits.ts";
export { MemoryNetwork, type MemoryNetworkOptions } from "./memory/memory-network.ts";
export { Room } from "./room.ts";
export type { Channel, OpenOptions, Transport } from "./transport.ts";
