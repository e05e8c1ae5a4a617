export type { Bootstrap } from "./bootstrap.ts";
export { leaderIn, reasonOf, type Reason } from "./errors.ts";
export { MemorySnapshotFiles } from "./memory-snapshot-files.ts";
export { systemMonotonicClock, type MonotonicClock } from "./monotonic-clock.ts";
export { RaftNode, type RaftNodeEvents, type RaftNodeOptions, type RaftNodeStatus } from "./raft-node.ts";
export { askToReplace, type AskToReplaceOptions, type Replacement } from "./replacement.ts";
export { snapshotDirectory } from "./snapshot-directory.ts";
export type * from "./snapshot-files.ts";
export type * from "./state-machine.ts";
