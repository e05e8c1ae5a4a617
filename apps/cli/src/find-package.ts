/**
 * Where an installed package lies, found through packages that depend on it. Used by the build, and in the bundle by what
 * stands for a package that could not be bundled.
 */
import { existsSync, realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

/** `chain` leads from a package in reach of `directory` to the one wanted. */
export function findPackage(directory: string, chain: readonly string[]): string {
  return chain.reduce((from, name) => {
    // By folders, since a package need not export anything that `require` may have.
    const folders = createRequire(join(from, "index.js")).resolve.paths(name) ?? [];
    const found = folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
    if (found === undefined) throw new Error(`the package ${name} is not installed`);
    return realpathSync(found);
  }, directory);
}
