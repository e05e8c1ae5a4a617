/** How a call ended, and what an error that a handler threw says of it. */
import { LatticeError, type ErrorCode } from "@lattice/model";
import { GRPC_CODE_OF } from "@lattice/model/grpc-code";
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
  return { code: GRPC_CODE_OF[code], message, latticeCode: code };
}
