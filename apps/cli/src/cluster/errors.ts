/** What a cluster refuses with, as the command line tells it. */
import { EtcdError, EtcdErrors, GrpcCode } from "@lattice/etcd-proto";
import { LatticeError, type ErrorCode } from "@lattice/model";

const CODES: ReadonlyMap<number, ErrorCode> = new Map([
  [GrpcCode.CANCELLED, "cancelled"],
  [GrpcCode.INVALID_ARGUMENT, "invalid-argument"],
  [GrpcCode.DEADLINE_EXCEEDED, "timeout"],
  [GrpcCode.NOT_FOUND, "not-found"],
  [GrpcCode.ALREADY_EXISTS, "already-exists"],
  [GrpcCode.PERMISSION_DENIED, "permission-denied"],
  [GrpcCode.RESOURCE_EXHAUSTED, "resource-exhausted"],
  [GrpcCode.FAILED_PRECONDITION, "failed-precondition"],
  [GrpcCode.ABORTED, "conflict"],
  [GrpcCode.OUT_OF_RANGE, "invalid-argument"],
  [GrpcCode.UNIMPLEMENTED, "unimplemented"],
  [GrpcCode.UNAVAILABLE, "unavailable"],
  [GrpcCode.DATA_LOSS, "corrupt"],
  [GrpcCode.UNAUTHENTICATED, "permission-denied"],
]);

const MAJORITY = "more than half of the members must run and reach each other (see: cluster status)";
/** What may be done about it, where the text alone does not say. */
const HINTS: ReadonlyMap<string, string> = new Map([
  [EtcdErrors.noLeader[1], MAJORITY],
  [EtcdErrors.timeout[1], `whether it was done is not known; ${MAJORITY}`],
  [EtcdErrors.timeoutDueToLeaderFail[1], "whether it was done is not known"],
  [EtcdErrors.noSpace[1], "compact, then: cluster alarm --disarm"],
  [EtcdErrors.userEmpty[1], "this cluster has users; say who asks with --user"],
]);

/** Runs `body`; the errors of the cluster come out as ours. */
export async function tellingErrors<T>(body: () => Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (error) {
    throw clusterError(error);
  }
}

/** A member that does not answer may well wait for the others. */
function ofClient(error: LatticeError): LatticeError {
  if (error.code !== "timeout") return error;
  return new LatticeError("timeout", `${error.message}; ${MAJORITY}`, { cause: error });
}

export function clusterError(error: unknown): LatticeError {
  if (!(error instanceof EtcdError)) return ofClient(LatticeError.from(error));
  const hint = HINTS.get(error.message);
  const text = hint === undefined ? error.message : `${error.message}; ${hint}`;
  return new LatticeError(CODES.get(error.code) ?? "internal", text, { cause: error });
}
