export type * from "./entry.ts";
export { EntryKind } from "./entry.ts";
export * from "./entry-codec.ts";
export { PackReader, PackWriter } from "./message-pack.ts";
export * from "./ids.ts";
export * from "./membership.ts";
export {
  afterWrite,
  MemoryRaftStorage,
  NOTHING_PERSISTED,
  type MemoryRaftStorageOptions,
} from "./memory-raft-storage.ts";
export { MemoryRaftNetwork } from "./memory-raft-transport.ts";
export type * from "./storage.ts";
export type * from "./transport.ts";
export * from "./log.ts";
export type * from "./message.ts";
export { defaultRaftOptions, type RaftOptions } from "./options.ts";
export type { Proposed, Refusal } from "./leader.ts";
export { majorityReached, quorumReached, voteVerdict, type VoteVerdict } from "./quorum.ts";
export { Progress } from "./progress.ts";
export { Raft, type RaftStart, type RaftStatus } from "./raft.ts";
export type * from "./ready.ts";
