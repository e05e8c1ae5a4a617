export { idText } from "./errors.ts";
export { MemoryPeers, type Delivery, type MemoryMember, type MemoryPeersOptions } from "./memory-peers.ts";
export type * from "./peer-network.ts";
