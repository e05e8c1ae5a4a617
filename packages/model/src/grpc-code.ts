import type { ErrorCode } from "./errors.ts";

/** The status codes of gRPC, here so that nobody loads gRPC for their numbers. */
export const GrpcCode = {
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
export type GrpcCode = (typeof GrpcCode)[keyof typeof GrpcCode];

/** Total: an error code that is added and forgotten here does not compile. */
export const GRPC_CODE_OF: Readonly<Record<ErrorCode, GrpcCode>> = {
  "invalid-argument": GrpcCode.INVALID_ARGUMENT,
  "not-found": GrpcCode.NOT_FOUND,
  ambiguous: GrpcCode.INVALID_ARGUMENT,
  "already-exists": GrpcCode.ALREADY_EXISTS,
  "failed-precondition": GrpcCode.FAILED_PRECONDITION,
  unauthenticated: GrpcCode.UNAUTHENTICATED,
  "permission-denied": GrpcCode.PERMISSION_DENIED,
  "invite-invalid": GrpcCode.PERMISSION_DENIED,
  "invite-expired": GrpcCode.FAILED_PRECONDITION,
  "invite-used": GrpcCode.FAILED_PRECONDITION,
  "too-large": GrpcCode.OUT_OF_RANGE,
  conflict: GrpcCode.ABORTED,
  "disk-full": GrpcCode.RESOURCE_EXHAUSTED,
  corrupt: GrpcCode.DATA_LOSS,
  "in-use": GrpcCode.UNAVAILABLE,
  unavailable: GrpcCode.UNAVAILABLE,
  "resource-exhausted": GrpcCode.RESOURCE_EXHAUSTED,
  cancelled: GrpcCode.CANCELLED,
  timeout: GrpcCode.DEADLINE_EXCEEDED,
  "unsupported-schema": GrpcCode.FAILED_PRECONDITION,
  unimplemented: GrpcCode.UNIMPLEMENTED,
  closed: GrpcCode.UNAVAILABLE,
  internal: GrpcCode.INTERNAL,
};
