/** What a Raft node rejects with, in etcd's words. */
import { EtcdError, type EtcdErrorName } from "@lattice/etcd-proto";
import { LatticeError } from "@lattice/model";
import { reasonOf, type Reason } from "@lattice/raft-node";

const NAMES: Readonly<Record<Reason, EtcdErrorName>> = {
  "no-leader": "noLeader",
  "not-leader": "notLeader",
  "leader-lost": "timeoutDueToLeaderFail",
  timeout: "timeout",
  "too-many-requests": "tooManyRequests",
  "no-space": "noSpace",
  stopped: "stopped",
  transferring: "leaderChanged",
  leaving: "leaderChanged",
  "change-under-way": "unhealthy",
  "too-far-behind": "learnerNotReady",
  invalid: "memberNotEnoughStarted",
};

export function etcdErrorOf(error: unknown): EtcdError {
  if (error instanceof EtcdError) return error;
  const reason = reasonOf(error);
  if (reason !== undefined) return EtcdError.of(NAMES[reason]);
  return LatticeError.from(error).code === "cancelled"
    ? EtcdError.of("requestCancelled")
    : EtcdError.of("stopped");
}
