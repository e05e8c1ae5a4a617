import { GrpcCode } from "@lattice/model/grpc-code";

export { GrpcCode };

/** How a handler ends a call other than well. The message reaches the client to the letter. */
export class GrpcError extends Error {
  override readonly name = "GrpcError";
  readonly code: GrpcCode;

  constructor(code: GrpcCode, message: string) {
    super(message);
    this.code = code;
  }
}
