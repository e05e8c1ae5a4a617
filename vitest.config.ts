import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

// Tests run against the sources of every package; only what starts the built binary needs a build first.
const conditions = ["@lattice/source", "node", "import", "default"];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ["{packages,apps,examples}/*/test/**/*.test.ts", "bench/test/**/*.test.ts", "test/**/*.test.ts"],
    // A guard against what hangs, and no measure: machines are shared and slow at times.
    testTimeout: 300_000,
    // Many tests wait for processes and elections, so two cores have time for more than the one file at once that vitest would give them.
    maxWorkers: Math.max(3, availableParallelism()),
    hookTimeout: 300_000,
  },
});
