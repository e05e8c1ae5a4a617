/** How a call ended, and what an error that a handler threw says of it. */
import { LatticeError, type ErrorCode } from "@lattice/model";
import { GrpcCode, GrpcError } from "./grpc-error.ts";

export interface Status {
  readonly code: GrpcCode;
  readonly message: string;
  /** What gRPC's code does not tell apart, for clients of this project. */
  readonly latticeCode?: ErrorCode;
}

/** The trailer that says it. */
export const LATTICE_CODE = "lattice-code";

export const OK: Status = { code: GrpcCode.OK, message: "" };

export function statusOf(error: unknown): Status {
  if (error instanceof GrpcError) return error;
  const { code, message } = LatticeError.from(error);
  return { code: STATUS_OF_CODE[code], message, latticeCode: code };
}

/** Total: a code that is added to the model and forgotten here does not compile. */
const STATUS_OF_CODE: Readonly<Record<ErrorCode, GrpcCode>> = {
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
