import type { Storage } from "@lattice/storage";

export interface StorageUnderTest {
  /** A new, empty storage. */
  open(tables: readonly string[]): Promise<Storage>;
  /** Closes the storage and opens what it left. */
  reopen(storage: Storage): Promise<Storage>;
  /** Opens what the storage would leave if its process died now. */
  crash(storage: Storage): Promise<Storage>;
  /** Whether a flush that resolved survives a crash; so it is unless this says otherwise. */
  readonly isDurable?: boolean;
  /** How many random uses are tried; 100 unless this says otherwise. */
  readonly runs?: number;
}
