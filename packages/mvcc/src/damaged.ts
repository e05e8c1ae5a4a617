import { LatticeError } from "@lattice/model";

/** What was stored is not what this package stores. */
export function damaged(what: string): LatticeError {
  return new LatticeError("corrupt", `${what} is damaged`);
}
