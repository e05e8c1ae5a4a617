/** Errors of calls between members. */
import { LatticeError } from "@lattice/model";
import type { MemberId } from "@lattice/raft";

/** Nothing of the call has left this process. */
export function notSent(to: MemberId, why: string): LatticeError {
  return new LatticeError("unavailable", `member ${idText(to)} cannot be reached: ${why}`, {
    details: { outcome: "not-sent" },
  });
}

/** The call may have arrived, and what it asked for may have happened. */
export function outcomeUnknown(to: MemberId, why: string): LatticeError {
  return new LatticeError("unavailable", `a call to member ${idText(to)} was cut off: ${why}`, {
    details: { outcome: "unknown" },
  });
}

export function noSuchMethod(method: string): LatticeError {
  return new LatticeError("unimplemented", `members do not answer calls of "${method}"`);
}

/** As etcd's tools show ids. */
export function idText(id: number): string {
  return id.toString(16);
}
