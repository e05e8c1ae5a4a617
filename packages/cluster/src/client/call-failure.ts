/**
 * Why one attempt of a call failed, and so what may be done about it.
 *
 *   not-done   it has not reached a machine that could have done it: it may be sent again, to anybody
 *   unknown    it may have been done: it may be sent again only where that does no harm
 *   answered   the cluster has refused it; it would again
 */
import { EtcdErrors, EtcdError, GrpcCode } from "@lattice/etcd-proto";
import { isErrorCode, LatticeError } from "@lattice/model";

export type FailureKind = "not-done" | "unknown" | "answered";

export class CallFailure extends Error {
  override readonly name = "CallFailure";
  readonly kind: FailureKind;
  /** What the caller is told, if nothing is done about it. */
  readonly error: EtcdError | LatticeError;

  constructor(kind: FailureKind, error: EtcdError | LatticeError) {
    super(error.message, { cause: error });
    this.kind = kind;
    this.error = error;
  }
}

/** What a gRPC library reports. */
export interface Status {
  readonly code: number;
  readonly details: string;
  readonly metadata?: { get(name: string): readonly unknown[] };
}

/** A trailer: a code of this project, where gRPC's does not tell as much. */
const LATTICE_CODE = "lattice-code";

const SAID_BY_SERVER = /^(etcdserver|lattice|auth|context|raft): ?/;
const REFUSED_UNDONE: ReadonlySet<string> = new Set([
  EtcdErrors.noLeader[1],
  EtcdErrors.notSupportedForLearner[1],
  EtcdErrors.notCapable[1],
]);
/** Where no member hears it any more, or not yet. */
const NOT_CONNECTED =
  /No connection established|ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|Name resolution failed/;

/** `where` is the endpoint. */
export function failureOf(status: Status, where: string): CallFailure {
  const { code, details } = status;
  const latticeCode = String(status.metadata?.get(LATTICE_CODE)[0] ?? "");
  if (isErrorCode(latticeCode)) {
    return new CallFailure(
      isAboutTheMember(code) ? "unknown" : "answered",
      new LatticeError(latticeCode, details),
    );
  }
  if (REFUSED_UNDONE.has(details)) return new CallFailure("not-done", new EtcdError(code, details));
  if (SAID_BY_SERVER.test(details)) {
    return new CallFailure(isAboutTheMember(code) ? "unknown" : "answered", new EtcdError(code, details));
  }
  if (code === GrpcCode.DEADLINE_EXCEEDED) return tookTooLong(where);
  if (!isBroken(code, details)) return new CallFailure("answered", new EtcdError(code, details));
  const isUndone = NOT_CONNECTED.test(details);
  const what = isUndone ? `no member answers at ${where}` : `the connection to ${where} was lost`;
  const error = new LatticeError("unavailable", what, { cause: new EtcdError(code, details) });
  return new CallFailure(isUndone ? "not-done" : "unknown", error);
}

function tookTooLong(where: string): CallFailure {
  return new CallFailure("unknown", new LatticeError("timeout", `${where} has not answered in time`));
}

function isAboutTheMember(code: number): boolean {
  return code === GrpcCode.UNAVAILABLE || code === GrpcCode.DEADLINE_EXCEEDED;
}

/** Of gRPC itself: cancelled by the other side is what a connection says that is torn down. */
function isBroken(code: number, details: string): boolean {
  const isTransport = code === GrpcCode.UNAVAILABLE || code === GrpcCode.CANCELLED;
  return isTransport || (code === GrpcCode.INTERNAL && details.includes("RST_STREAM"));
}
