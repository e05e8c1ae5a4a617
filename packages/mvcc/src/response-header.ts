import type { etcdserverpb } from "@lattice/etcd-proto";

/** The revision is what a key space can tell; the rest is filled in by who answers. */
export function responseHeader(revision: number): etcdserverpb.ResponseHeader {
  return { clusterId: 0n, memberId: 0n, revision: BigInt(revision), raftTerm: 0n };
}
