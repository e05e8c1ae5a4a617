/**
 * A fault put into the product on purpose, to see whether the simulator notices. It is data: the text is changed while
 * the simulator is bundled, and what ships holds no trace of it.
 */
export interface Mutant {
  /** In kebab case; by this `pnpm mutants NAME` finds it. */
  readonly name: string;
  /** Relative to the root of the workspace. */
  readonly file: string;
  /** What the product says; occurs exactly once in the file, or the mutant is out of date. */
  readonly find: string;
  readonly replace: string;
  /** What goes wrong, in a line. */
  readonly about: string;
  /** Within so many seeds, counted from the first, a rule must be broken. Default: `SEEDS_MAX`. */
  readonly seedsMax?: number;
  /** Why no rule is broken yet: what the simulator lacks. Such a mutant is run by its name only. */
  readonly escapes?: string;
}

export const SEEDS_MAX = 100;
/** A cluster of cores is run in a fiftieth of the time, one of servers in less than that of a mesh. */
export const RAFT_SEEDS_MAX = 1000;
export const CLUSTER_SEEDS_MAX = 300;

/** The source with the fault in it. Throws where the product has changed and the mutant has not. */
export function mutate(source: string, { name, file, find, replace }: Mutant): string {
  const parts = source.split(find);
  if (parts.length === 2) return parts.join(replace);
  throw new Error(`mutant ${name} is out of date: its text occurs ${parts.length - 1} times in ${file}`);
}
