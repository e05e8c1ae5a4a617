/** What services ask of the member that they stand before. */
import type { etcdserverpb } from "@lattice/etcd-proto";
import type { CallContext, Method } from "@lattice/grpc-front";
import type { Done } from "../machine/outcome.ts";
import type { RequestKind, RequestSession, RequestUser } from "../machine/request.ts";

export interface ProposeOptions {
  readonly kind: RequestKind;
  readonly body: Uint8Array;
  readonly user: RequestUser | undefined;
  readonly session?: RequestSession | undefined;
  /** Where it is given up when this is over; what was proposed may happen all the same. */
  readonly call?: CallContext | undefined;
}

export interface MemberPort {
  /** Resolves once this member has applied it. Rejects with an `EtcdError`: the request's own, or that it could not be done or is unknown. */
  propose(options: ProposeOptions): Promise<Done>;
  /** Resolves when what this member then shows is not older than this call. Rejects as `propose` does. */
  readBarrier(call?: CallContext): Promise<void>;
  /** Of `revision`, or of what the key space is at now. */
  header(revision?: number): etcdserverpb.ResponseHeader;
  /** Throws `no leader` where the client wants one (`hasleader`) and this member knows none, and what a learner may not do. */
  admit(call: CallContext, what?: { readonly isServedByLearner: boolean }): void;
}

/** By path, "/etcdserverpb.KV/Put". */
export type ServiceMethods = Iterable<readonly [path: string, method: Method]>;
