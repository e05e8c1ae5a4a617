/**
 * What each error code is called on each surface. Total tables: a code that is added and forgotten here does not
 * compile.
 */
import type { ErrorCode } from "@lattice/model/errors";
import { GRPC_CODE_OF, GrpcCode } from "@lattice/model/grpc-code";

export { GRPC_CODE_OF as GRPC_STATUS_OF_CODE };

export const HTTP_STATUS_OF_CODE: Readonly<Record<ErrorCode, number>> = {
  "invalid-argument": 400,
  "not-found": 404,
  ambiguous: 400,
  "already-exists": 409,
  "failed-precondition": 412,
  unauthenticated: 401,
  "permission-denied": 403,
  "invite-invalid": 403,
  "invite-expired": 410,
  "invite-used": 410,
  "too-large": 413,
  conflict: 409,
  "disk-full": 507,
  corrupt: 500,
  "in-use": 423,
  unavailable: 503,
  "resource-exhausted": 429,
  // Nobody is left to read it; this is what nginx logs for it.
  cancelled: 499,
  timeout: 504,
  "unsupported-schema": 501,
  unimplemented: 501,
  closed: 503,
  internal: 500,
};

/** For a status that no node of this project sent: gRPC's own, or another server's. */
export const CODE_OF_GRPC_STATUS: Readonly<Record<GrpcCode, ErrorCode>> = {
  [GrpcCode.OK]: "internal",
  [GrpcCode.CANCELLED]: "cancelled",
  [GrpcCode.UNKNOWN]: "internal",
  [GrpcCode.INVALID_ARGUMENT]: "invalid-argument",
  [GrpcCode.DEADLINE_EXCEEDED]: "timeout",
  [GrpcCode.NOT_FOUND]: "not-found",
  [GrpcCode.ALREADY_EXISTS]: "already-exists",
  [GrpcCode.PERMISSION_DENIED]: "permission-denied",
  [GrpcCode.RESOURCE_EXHAUSTED]: "resource-exhausted",
  [GrpcCode.FAILED_PRECONDITION]: "failed-precondition",
  [GrpcCode.ABORTED]: "conflict",
  [GrpcCode.OUT_OF_RANGE]: "invalid-argument",
  [GrpcCode.UNIMPLEMENTED]: "unimplemented",
  [GrpcCode.INTERNAL]: "internal",
  [GrpcCode.UNAVAILABLE]: "unavailable",
  [GrpcCode.DATA_LOSS]: "corrupt",
  [GrpcCode.UNAUTHENTICATED]: "unauthenticated",
};

export function codeOfGrpcStatus(status: number): ErrorCode {
  return (CODE_OF_GRPC_STATUS as Readonly<Record<number, ErrorCode>>)[status] ?? "internal";
}
