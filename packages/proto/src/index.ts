export { decodeBounded } from "./decode-bounded.ts";
export * as weaver from "./gen/lattice/weaver/v1/weaver.ts";
export * as sync from "./gen/lattice/sync/v1/sync.ts";
export * as daemon from "./gen/lattice/daemon/v1/daemon.ts";
export * as health from "./gen/grpc/health/v1/health.ts";
export * as reflection from "./gen/grpc/reflection/v1/reflection.ts";
export * as descriptor from "./gen/google/protobuf/descriptor.ts";
export {
  NodeServiceClient,
  StoreServiceClient,
  DynamicStoreServiceClient,
} from "./gen/lattice/daemon/v1/daemon.client.ts";
