/** Ids of members and clusters: 48 bits of a hash, so that they are numbers, and what is named alike is called alike. */
import { readSeqBe, sha256, utf8 } from "@lattice/model";
import { memberId, type MemberId } from "@lattice/raft";

/** Of one of the first members of a new cluster; `token` keeps clusters apart that have the same addresses one after the other. */
export function firstMemberId(token: string, peerUrls: readonly string[]): MemberId {
  return memberId(hash48("member", token, ...peerUrls.toSorted()));
}

/** Of one that is added to a cluster; `salt` was never used before. */
export function addedMemberId(clusterId: number, peerUrls: readonly string[], salt: string): MemberId {
  return memberId(hash48("added", clusterId.toString(16), ...peerUrls.toSorted(), salt));
}

export function clusterIdOf(token: string, members: readonly MemberId[]): number {
  const ids = members.toSorted((a, b) => a - b).map((id) => id.toString(16));
  return hash48("cluster", token, ...ids);
}

export function idText(id: number): string {
  return id.toString(16);
}

/** Never 0. */
function hash48(...parts: readonly string[]): number {
  const digest = sha256(utf8(parts.map((part) => `${part.length}:${part}`).join("")));
  const bytes = new Uint8Array(8);
  bytes.set(digest.subarray(0, 6), 2);
  return readSeqBe(bytes) || 1;
}
