export { idText } from "./errors.ts";
export { MemoryPeers, type Delivery, type MemoryMember, type MemoryPeersOptions } from "./memory-peers.ts";
export { introduce } from "./introduction.ts";
export type * from "./peer-network.ts";
export { listenTcpPeers, type TcpPeers, type TcpPeersOptions } from "./tcp-peers.ts";
export { readCredentials, type PeerCredentials } from "./tls.ts";
