/** What is measured against each other: clusters of three on loopback. */
import { join } from "node:path";
import { etcd, lattice, TestCluster, type ServerProgram } from "@lattice/testkit/clusters";

const LATTICE = join(import.meta.dirname, "../../apps/cli/dist/lattice.js");

interface Kind {
  readonly program: ServerProgram;
  readonly flags: readonly string[];
}

const kinds: Readonly<Record<string, Kind>> = {
  etcd: { program: etcd, flags: [] },
  lattice: { program: lattice(LATTICE), flags: [] },
  "lattice-native": { program: lattice(LATTICE), flags: ["--front", "native"] },
};

export const contestantNames: readonly string[] = Object.keys(kinds);

export interface Contestant {
  readonly name: string;
  /** Where its members' directories are. */
  readonly directory: string;
  readonly cluster: TestCluster;
}

export async function startContestant(name: string, directory: string): Promise<Contestant> {
  const { program, flags } = kinds[name]!;
  const cluster = await TestCluster.start({ program, size: 3, directory, flags });
  return { name, directory, cluster };
}
