import { durabilityMutants } from "./durability.ts";
import type { Mutant } from "./mutant.ts";
import { nodeMutants } from "./node.ts";
import { ruleMutants } from "./rules.ts";
import { stateMutants } from "./state.ts";
import { syncMutants } from "./sync.ts";

export const mutants: readonly Mutant[] = [
  ...ruleMutants,
  ...durabilityMutants,
  ...stateMutants,
  ...syncMutants,
  ...nodeMutants,
];
