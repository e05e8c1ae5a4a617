/**
 * Which modules of store types a node uses (`types.json` in its data directory): those that were named once and have
 * not been replaced since. Read and written by the process that owns the directory.
 *
 * Invariants
 *  1. What is named now must load, or the node does not start. What is remembered may be gone: then there is a warning,
 *     and stores of its types stay closed, with the reason.
 *  2. For one type, a module that is named now wins over a remembered one; one that has no type left is forgotten.
 *  3. The file is code by another name, so it counts only if nobody but its owner, who runs this, may write it.
 */
import { readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { LatticeError } from "@lattice/model";
import type { StoreType } from "@lattice/store";
import { loadTypeModules, locate, type LoadedModule, type TypeModule } from "./load-store-types.ts";

export interface GatherOptions {
  /** `types.json`. */
  readonly file: string;
  /** As a person wrote them, in the working directory. */
  readonly named: readonly string[];
  /** Types that the node has anyway. */
  readonly known: readonly StoreType[];
}

export interface GatheredTypes {
  readonly types: readonly StoreType[];
  /** One line each. */
  readonly warnings: readonly string[];
}

/** Of the modules that are named and those that are remembered; remembers what is named. */
export async function gatherStoreTypes({ file, named, known }: GatherOptions): Promise<GatheredTypes> {
  const warnings: string[] = [];
  const remembered = readRemembered(file, warnings);
  const modules = named.map((name) => locate(name, process.cwd()));
  const loaded = await loadTypeModules(modules, known);
  const replaced = new Set(loaded.flatMap(({ types }) => types.map(({ type }) => type)));
  const types = new Map([...known, ...loaded.flatMap((each) => each.types)].map((type) => [type.type, type]));
  const kept: RememberedModule[] = [];
  for (const row of remembered) {
    if (row.types.every((type) => replaced.has(type)) || modules.some((each) => isSame(each, row))) continue;
    kept.push(row);
    for (const type of await typesOfRemembered(row, warnings)) {
      if (!types.has(type.type)) types.set(type.type, type);
    }
  }
  if (loaded.length > 0) writeRemembered(file, [...kept, ...loaded.map(toRow)]);
  return { types: [...types.values()].slice(known.length), warnings };
}

interface RememberedModule extends TypeModule {
  readonly types: readonly string[];
}

function isSame(a: TypeModule, b: TypeModule): boolean {
  return a.module === b.module && a.from === b.from;
}

function toRow({ module, types }: LoadedModule): RememberedModule {
  return { ...module, types: types.map(({ type }) => type) };
}

async function typesOfRemembered(
  { types, ...module }: RememberedModule,
  warnings: string[],
): Promise<readonly StoreType[]> {
  try {
    const [loaded] = await loadTypeModules([module], []);
    return loaded!.types;
  } catch (error) {
    const { message } = LatticeError.from(error);
    warnings.push(`no ${types.join(", ")}: ${message}; name the module that has it with --types`);
    return [];
  }
}

function readRemembered(file: string, warnings: string[]): readonly RememberedModule[] {
  try {
    assertOwn(file);
    const { modules } = (JSON.parse(readFileSync(file, "utf8")) ?? {}) as { modules?: unknown };
    if (Array.isArray(modules) && modules.every(isRow)) return modules;
    throw new LatticeError("corrupt", "it does not list modules");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    const { message } = LatticeError.from(error);
    warnings.push(`${file} is left out: ${message}; name the modules again with --types`);
    return [];
  }
}

function assertOwn(file: string): void {
  const { uid, mode } = statSync(file);
  if (process.getuid === undefined) return;
  if (uid === process.getuid() && (mode & 0o022) === 0) return;
  throw new LatticeError("permission-denied", "others than the owner of the node may write it");
}

function isRow(value: unknown): value is RememberedModule {
  const { module, from, types } = (value ?? {}) as Record<string, unknown>;
  return (
    typeof module === "string" &&
    (from === undefined || typeof from === "string") &&
    Array.isArray(types) &&
    types.length > 0 &&
    types.every((type) => typeof type === "string")
  );
}

function writeRemembered(file: string, modules: readonly RememberedModule[]): void {
  const aside = `${file}.new`;
  try {
    writeFileSync(aside, `${JSON.stringify({ modules }, undefined, 2)}\n`, { mode: 0o600, flush: true });
    renameSync(aside, file);
  } catch (error) {
    const { code = "unknown" } = error as NodeJS.ErrnoException;
    throw new LatticeError(
      code === "ENOSPC" ? "disk-full" : "failed-precondition",
      `cannot write ${file}, which remembers the store types: the system says ${code}`,
      { cause: error },
    );
  }
}
