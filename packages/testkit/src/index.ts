export { describeChecks, type Check, type Checks } from "./check.ts";
export { AUTHORS, causalDag, withoutAuthor, type CausalDagOptions, type DagNode } from "./dag/causal-dag.ts";
export { causalOrder, causalOrderBy, causalOrders, deliveryOrders } from "./dag/causal-order.ts";
export { FakeClock } from "./fakes/fake-clock.ts";
export { FakeDisk } from "./fakes/fake-disk.ts";
export { FakeRandom } from "./fakes/fake-random.ts";
export { authorNamed, seedNamed, signerNamed } from "./fakes/named-keys.ts";
export { seededRandom, type RandomNumber } from "./fakes/seeded-random.ts";
export { anyMessage, PHANTOM_IDS, type Draft, type Known } from "./message/any-message.ts";
export { fuzzRuns, mutateBytes, type MutateOptions } from "./mutate-bytes.ts";
export { describeRaftStorage, raftStorageChecks } from "./raft-storage/describe-raft-storage.ts";
export type { RaftStorageUnderTest } from "./raft-storage/raft-storage-under-test.ts";
export { describeRaftTransport, raftTransportChecks } from "./raft-transport/describe-raft-transport.ts";
export {
  type RaftTransportNetwork,
  type RaftTransportUnderTest,
} from "./raft-transport/raft-transport-under-test.ts";
export {
  checkpointedStorageChecks,
  describeCheckpointedStorage,
  type CheckpointedStorageUnderTest,
} from "./storage/describe-checkpointed-storage.ts";
export { describeStorage, storageChecks } from "./storage/describe-storage.ts";
export type { StorageUnderTest } from "./storage/storage-under-test.ts";
export * from "./store/apply-checks.ts";
export { ContractViolation } from "./store/contract-violation.ts";
export { describeStore, storeChecks } from "./store/describe-store.ts";
export type { MemoryOp } from "./store/memory-op.ts";
export { MemoryReplica, type ReplicaOptions } from "./store/memory-replica.ts";
export { MemoryState, type StateRow } from "./store/memory-state.ts";
export { checkCommands, checkDefinition, checkQueries } from "./store/method-checks.ts";
export { checkConvergence, checkRebuild, checkRevocation, checkSnapshot } from "./store/order-checks.ts";
export type { StoreSuiteOptions, StoreUnderTest, Writing } from "./store/store-under-test.ts";
export { checkStreams } from "./store/stream-checks.ts";
export { describeTransport, transportChecks } from "./transport/describe-transport.ts";
export type { TransportUnderTest } from "./transport/transport-nodes.ts";
export { MemoryNetwork } from "@lattice/net";
export { MemoryStorage } from "@lattice/storage";
