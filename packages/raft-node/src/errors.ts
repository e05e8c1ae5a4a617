/** Why something that was asked of a member did not happen, or may not have. The detail `reason` tells programs. */
import { LatticeError, type ErrorCode } from "@lattice/model";
import { NOBODY, type MemberId, type Refusal } from "@lattice/raft";
import { idText } from "@lattice/raft-net";

export type Reason =
  /** Nobody leads, as far as this member knows. It did not happen. */
  | "no-leader"
  /** Another member leads, and only it can do that: the detail `leader`, in hexadecimal. It did not happen. */
  | "not-leader"
  /** It was proposed, and whoever led then was lost. It may have happened, or may yet. */
  | "leader-lost"
  /** The leader did not get it done in time. It may have happened, or may yet. */
  | "timeout"
  /** Too much is on its way already. It did not happen. */
  | "too-many-requests"
  /** This member's disk is full. It did not happen. */
  | "no-space"
  /** This member stops or has stopped. It may have happened. */
  | "stopped"
  | Exclude<Refusal["reason"], "not-leader" | "too-much-uncommitted">;

const CODES: Readonly<Record<Reason, ErrorCode>> = {
  "no-leader": "unavailable",
  "not-leader": "failed-precondition",
  "leader-lost": "unavailable",
  timeout: "timeout",
  "too-many-requests": "resource-exhausted",
  "no-space": "disk-full",
  stopped: "closed",
  transferring: "unavailable",
  leaving: "unavailable",
  "change-under-way": "failed-precondition",
  "too-far-behind": "failed-precondition",
  invalid: "invalid-argument",
};

const TEXTS: Readonly<Record<Reason, string>> = {
  "no-leader": "the cluster has no leader, as far as this member knows; try again",
  "not-leader": "another member leads",
  "leader-lost": "the leader was lost, and whether the request was done is not known",
  timeout: "the cluster did not answer in time, and whether the request was done is not known",
  "too-many-requests": "the cluster has too many requests to work on; try again later",
  "no-space": "the disk of this member is full",
  stopped: "this member has stopped",
  transferring: "the leader is handing over to another member; try again",
  leaving: "the leader is leaving the cluster; try again",
  "change-under-way": "another change of the membership is under way; try again",
  "too-far-behind": "the member does not have enough of the log to become a voter yet",
  invalid: "the change cannot be made",
};

export function failure(reason: Reason, text: string = TEXTS[reason]): LatticeError {
  return new LatticeError(CODES[reason], text, { details: { reason } });
}

export function reasonOf(error: unknown): Reason | undefined {
  const reason = error instanceof LatticeError ? error.details["reason"] : undefined;
  return reason !== undefined && reason in CODES ? (reason as Reason) : undefined;
}

export function refused(refusal: Refusal): LatticeError {
  switch (refusal.reason) {
    case "not-leader": {
      if (refusal.leader === NOBODY) return failure("no-leader");
      const leader = idText(refusal.leader);
      const details = { reason: "not-leader", leader };
      return new LatticeError(CODES["not-leader"], `member ${leader} leads the cluster`, { details });
    }
    case "too-much-uncommitted":
      return failure("too-many-requests");
    case "invalid":
      return failure("invalid", refusal.message);
    default:
      return failure(refusal.reason);
  }
}

/** Who leads, according to a `not-leader`. */
export function leaderIn(error: LatticeError): MemberId | undefined {
  const leader = error.details["leader"];
  return leader === undefined ? undefined : (Number.parseInt(leader, 16) as MemberId);
}
