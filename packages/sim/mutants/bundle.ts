/** The simulator and all of the product that runs in it, as one file, with a mutant or without. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { build, type Plugin } from "esbuild";
import { mutate, type Mutant } from "./mutant.ts";

export const ROOT = join(import.meta.dirname, "../../..");

/** No simulation touches a disk or a socket of the machine: what has native code is left out. */
const absent: Plugin = {
  name: "absent",
  setup(bundler) {
    bundler.onResolve({ filter: /^lmdb$/ }, ({ path }) => ({ path, namespace: "absent" }));
    bundler.onLoad({ filter: /./, namespace: "absent" }, () => ({ contents: "module.exports = {};" }));
  },
};

function patch(mutant: Mutant): Plugin {
  const file = join(ROOT, mutant.file);
  const exactly = new RegExp(`^${file.replaceAll(/[\\.*+?^${}()|[\]]/g, "\\$&")}$`);
  return {
    name: "mutant",
    setup(bundler) {
      bundler.onLoad({ filter: exactly }, async () => ({
        contents: mutate(await readFile(file, "utf8"), mutant),
        loader: "ts",
      }));
    },
  };
}

/** What runs seeds: of meshes, of Raft cores, or of clusters of servers. */
export type Entry = "entry" | "raft-entry" | "cluster-entry";

/** The text of a module that runs seeds. Throws where the mutant is out of date. */
export async function bundleSearch(entry: Entry, mutant?: Mutant): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, `${entry}.ts`)],
    bundle: true,
    write: false,
    platform: "node",
    format: "esm",
    conditions: ["@lattice/source"],
    external: ["@libp2p/*", "@chainsafe/*"],
    plugins: mutant === undefined ? [absent] : [absent, patch(mutant)],
    logLevel: "silent",
  });
  return outputFiles[0]!.text;
}
