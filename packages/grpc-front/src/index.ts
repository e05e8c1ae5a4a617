export type * from "./call.ts";
export * from "./grpc-error.ts";
