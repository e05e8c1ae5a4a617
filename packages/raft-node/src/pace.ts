/** How much at once, and how often. */
import { defaultRaftOptions, type RaftOptions } from "@lattice/raft";
import { APPLY_BYTES } from "./limits.ts";

export function raftOptionsOf(options: Partial<RaftOptions> = {}): RaftOptions {
  return { ...defaultRaftOptions, applyBytesMax: APPLY_BYTES, ...options };
}

/** How often Raft hears of the time: often enough for heartbeats and suspicion, and far below its idea of a stall. */
export function tickMsOf({ heartbeatMs, electionTimeoutMs }: RaftOptions): number {
  return Math.max(1, Math.min(heartbeatMs / 5, electionTimeoutMs / 20));
}
