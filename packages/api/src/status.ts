/**
 * What each error code is called on each surface. Total tables: a code that is added and forgotten here does not
 * compile.
 */
import type { ErrorCode } from "@lattice/model/errors";

/** The status codes of gRPC, here so that nobody loads gRPC for their numbers. */
export const GrpcStatus = {
  OK: 0,
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  DATA_LOSS: 15,
  UNAUTHENTICATED: 16,
} as const;

export type GrpcStatusCode = (typeof GrpcStatus)[keyof typeof GrpcStatus];

export const GRPC_STATUS_OF_CODE: Readonly<Record<ErrorCode, GrpcStatusCode>> = {
  "invalid-argument": GrpcStatus.INVALID_ARGUMENT,
  "not-found": GrpcStatus.NOT_FOUND,
  ambiguous: GrpcStatus.INVALID_ARGUMENT,
  "already-exists": GrpcStatus.ALREADY_EXISTS,
  "failed-precondition": GrpcStatus.FAILED_PRECONDITION,
  unauthenticated: GrpcStatus.UNAUTHENTICATED,
  "permission-denied": GrpcStatus.PERMISSION_DENIED,
  "invite-invalid": GrpcStatus.PERMISSION_DENIED,
  "invite-expired": GrpcStatus.FAILED_PRECONDITION,
  "invite-used": GrpcStatus.FAILED_PRECONDITION,
  "too-large": GrpcStatus.OUT_OF_RANGE,
  conflict: GrpcStatus.ABORTED,
  "disk-full": GrpcStatus.RESOURCE_EXHAUSTED,
  corrupt: GrpcStatus.DATA_LOSS,
  "in-use": GrpcStatus.UNAVAILABLE,
  unavailable: GrpcStatus.UNAVAILABLE,
  "resource-exhausted": GrpcStatus.RESOURCE_EXHAUSTED,
  cancelled: GrpcStatus.CANCELLED,
  timeout: GrpcStatus.DEADLINE_EXCEEDED,
  "unsupported-schema": GrpcStatus.FAILED_PRECONDITION,
  unimplemented: GrpcStatus.UNIMPLEMENTED,
  closed: GrpcStatus.UNAVAILABLE,
  internal: GrpcStatus.INTERNAL,
};

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
export const CODE_OF_GRPC_STATUS: Readonly<Record<GrpcStatusCode, ErrorCode>> = {
  [GrpcStatus.OK]: "internal",
  [GrpcStatus.CANCELLED]: "cancelled",
  [GrpcStatus.UNKNOWN]: "internal",
  [GrpcStatus.INVALID_ARGUMENT]: "invalid-argument",
  [GrpcStatus.DEADLINE_EXCEEDED]: "timeout",
  [GrpcStatus.NOT_FOUND]: "not-found",
  [GrpcStatus.ALREADY_EXISTS]: "already-exists",
  [GrpcStatus.PERMISSION_DENIED]: "permission-denied",
  [GrpcStatus.RESOURCE_EXHAUSTED]: "resource-exhausted",
  [GrpcStatus.FAILED_PRECONDITION]: "failed-precondition",
  [GrpcStatus.ABORTED]: "conflict",
  [GrpcStatus.OUT_OF_RANGE]: "invalid-argument",
  [GrpcStatus.UNIMPLEMENTED]: "unimplemented",
  [GrpcStatus.INTERNAL]: "internal",
  [GrpcStatus.UNAVAILABLE]: "unavailable",
  [GrpcStatus.DATA_LOSS]: "corrupt",
  [GrpcStatus.UNAUTHENTICATED]: "unauthenticated",
};

export function codeOfGrpcStatus(status: number): ErrorCode {
  return (CODE_OF_GRPC_STATUS as Readonly<Record<number, ErrorCode>>)[status] ?? "internal";
}
