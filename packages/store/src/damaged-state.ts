import { LatticeError } from "@lattice/model";

/**
 * A row of the state is not one that this program wrote: the disk, or somebody else, changed it. Never thrown for what
 * an op says; in `apply` it stops the store, where anything else would count as a refusal of the op.
 */
export function damagedState(what: string, cause?: unknown): LatticeError {
  return new LatticeError("corrupt", `state.db is damaged: ${what}; run "store rebuild"`, { cause });
}
