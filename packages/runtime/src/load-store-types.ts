/**
 * Store types that are no part of this program: modules that export what `defineStore` returns, named when a node
 * starts. They run with all the rights of the node, so only its owner may name them.
 */
import { execFile } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { LatticeError } from "@lattice/model";
import { isStoreType, type StoreType } from "@lattice/store";
import { shippedStoreTypes } from "./store-types.ts";

/** Where a module is to be found at any later time, from whatever working directory. */
export interface TypeModule {
  /** The absolute path of a file, or what stands in an `import`, as seen from `from`. */
  readonly module: string;
  readonly from?: string;
}

export interface LoadStoreTypesOptions {
  /** The folder that relative paths and names of packages are seen from. Default: the working directory. */
  readonly from?: string;
  /** Types that must not come again. Default: those that ship. */
  readonly known?: readonly StoreType[];
}

/**
 * Every store type that these modules export, by name or by default. A module is a file, a folder with a package in it,
 * or the name of a package. Throws one line where a module is not found (`not-found`), fails (`failed-precondition`)
 * or names a type that is known already (`already-exists`).
 */
export async function loadStoreTypes(
  modules: readonly string[],
  options: LoadStoreTypesOptions = {},
): Promise<StoreType[]> {
  const { from = process.cwd(), known = shippedStoreTypes } = options;
  const loaded = await loadTypeModules(
    modules.map((name) => locate(name, from)),
    known,
  );
  return loaded.flatMap(({ types }) => types);
}

export interface LoadedModule {
  readonly module: TypeModule;
  readonly types: readonly StoreType[];
}

/** As `loadStoreTypes`. The very same type is no other one, by whichever ways it comes. */
export async function loadTypeModules(
  modules: readonly TypeModule[],
  known: readonly StoreType[],
): Promise<LoadedModule[]> {
  const taken = new Map(known.map((type) => [type.type, { type, by: "this node has already" }]));
  const loaded: LoadedModule[] = [];
  for (const module of modules) {
    const exported = await typesOf(module);
    const types = exported.filter((type) => taken.get(type.type)?.type !== type);
    for (const type of types) {
      const other = taken.get(type.type);
      if (other !== undefined) throw isTaken(module, type, other.by);
      taken.set(type.type, { type, by: `${module.module} has` });
    }
    if (types.length > 0) loaded.push({ module, types });
  }
  return loaded;
}

/** What a person named, from the folder where that was. Throws `not-found` for a path where nothing is. */
export function locate(name: string, from: string): TypeModule {
  const path = resolve(from, name);
  if (!existsSync(path)) {
    if (/^\.{0,2}[/\\]|^[A-Za-z]:[/\\]|\.[cm]?[jt]s$/.test(name)) throw notFound(name, `there is no ${path}`);
    return { module: name, from: resolve(from) };
  }
  return statSync(path).isDirectory() ? packageIn(path, name) : { module: path };
}

/** By its name where it can call itself by that, so that `exports` counts; else by its `main`. */
function packageIn(directory: string, given: string): TypeModule {
  const manifest = join(directory, "package.json");
  if (!existsSync(manifest)) {
    throw notFound(given, `${directory} is a folder without a package.json: name the file in it`);
  }
  try {
    const { name, exports, main } = JSON.parse(readFileSync(manifest, "utf8")) as Record<string, unknown>;
    if (typeof name === "string" && exports !== undefined) return { module: name, from: directory };
    return { module: join(directory, typeof main === "string" ? main : "index.js") };
  } catch (error) {
    throw failed({ module: manifest }, error);
  }
}

async function typesOf(module: TypeModule): Promise<readonly StoreType[]> {
  const exported = await importModule(module);
  // What is not named in a CommonJS module all stands below its default.
  const values = [exported, exported["default"]].flatMap((each) => Object.values(each ?? {}));
  const types = new Set(values.filter(isStoreType));
  if (types.size > 0) return [...types];
  throw new LatticeError(
    "failed-precondition",
    `${module.module} exports no store type: export what defineStore of @lattice/store returns`,
  );
}

async function importModule(module: TypeModule): Promise<Record<string, unknown>> {
  const url = await urlOf(module);
  const path = fileURLToPath(url);
  if (!existsSync(path)) throw notFound(module.module, `there is no ${path}, or it is not built`);
  try {
    return (await import(url)) as Record<string, unknown>;
  } catch (error) {
    throw failed(module, error);
  }
}

async function urlOf({ module, from }: TypeModule): Promise<string> {
  return from === undefined ? pathToFileURL(module).href : await resolvePackage(module, from);
}

const RESOLVE = "process.stdout.write(import.meta.resolve(process.argv[1]))";

/**
 * As an `import` in that folder would find it. Node resolves only from where the asking code lies, so a Node of its own is
 * asked, whose code lies there.
 */
async function resolvePackage(name: string, from: string): Promise<string> {
  if (!existsSync(from)) throw notFound(name, `there is no ${from}, from where it was named`);
  const env = { ...process.env, NODE_OPTIONS: "" };
  try {
    const args = ["--input-type=module", "--eval", RESOLVE, name];
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: from, env });
    if (stdout.startsWith("file:")) return stdout;
    throw notFound(name, "it is no file and no package");
  } catch (error) {
    if (error instanceof LatticeError) throw error;
    const { stderr = "" } = error as { stderr?: string };
    const why = /^\w*Error \[ERR_(\w+)\]: (.*)$/m.exec(stderr);
    if (why === null || why[1] === "MODULE_NOT_FOUND" || why[1] === "INVALID_MODULE_SPECIFIER")
      throw notFound(name, `no file of that name, and no package that ${from} could import`);
    throw failed({ module: name }, new Error(why[2]));
  }
}

function notFound(name: string, why: string): LatticeError {
  return new LatticeError("not-found", `cannot find the store types ${name}: ${why}`);
}

function failed({ module }: TypeModule, cause: unknown): LatticeError {
  const text = cause instanceof Error ? cause.message : String(cause);
  const why = text.split(/[\r\n]/, 1)[0]!.trim() || "it gives no reason";
  return new LatticeError("failed-precondition", `cannot load the store types ${module}: ${why}`, { cause });
}

function isTaken({ module }: TypeModule, { type }: StoreType, by: string): LatticeError {
  return new LatticeError("already-exists", `${module} has the store type ${type}, which ${by}`);
}
