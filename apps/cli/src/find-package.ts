/**
 * Where an installed package lies, found through packages that depend on it. Used by the build, and in the bundle by what
 * stands for a package that could not be bundled.
 */
import { existsSync, realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

/** The last of the chain: at its end, or, where the chain's packages are not installed, in reach of `directory` itself. */
export function findInstalled(directory: string, chain: readonly string[]): string {
  const [first, last] = [chain[0]!, chain.at(-1)!];
  return findPackage(directory, isInstalled(directory, first) ? chain : [last]);
}

function isInstalled(directory: string, name: string): boolean {
  return foldersOf(directory, name).some((path) => existsSync(path));
}

function foldersOf(directory: string, name: string): string[] {
  const folders = createRequire(join(directory, "index.js")).resolve.paths(name) ?? [];
  return folders.map((folder) => join(folder, name));
}

/** `chain` leads from a package in reach of `directory` to the one wanted. */
export function findPackage(directory: string, chain: readonly string[]): string {
  return chain.reduce((from, name) => {
    // By folders, since a package need not export anything that `require` may have.
    const found = foldersOf(from, name).find((path) => existsSync(path));
    if (found === undefined) throw new Error(`the package ${name} is not installed`);
    return realpathSync(found);
  }, directory);
}
