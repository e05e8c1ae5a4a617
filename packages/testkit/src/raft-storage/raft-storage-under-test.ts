import type { RaftStorage } from "@lattice/raft";

export interface RaftStorageUnderTest {
  /** A new, empty storage. */
  open(): Promise<RaftStorage>;
  /** Closes the storage and opens what it left. */
  reopen(storage: RaftStorage): Promise<RaftStorage>;
  /** Opens what the storage would leave if its process died now. */
  crash(storage: RaftStorage): Promise<RaftStorage>;
  /** How many random uses are tried; 100 unless this says otherwise. */
  readonly runs?: number;
}
