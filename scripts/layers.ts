/**
 * The layers: which package may use which. `layers` below is the only statement of it; `pnpm layers` holds
 * package.json, tsconfig.json and every import to it, and test/layers.test.ts holds ARCHITECTURE.md to it.
 *
 * Rules
 *  1. A package uses only what its row allows, and that stands further down: no cycles, no way up.
 *  2. package.json, the tsconfig references and the imports agree with each other.
 *  3. Another package is entered through its `exports` only; what a package keeps for itself stays its own.
 *  4. Store types are known by name to their own package, and to `runtime` and `sim`, which put nodes together.
 *     Everything else handles any store type.
 *  5. Tests may use what stands beside them, and the testkit where that does not use them.
 */
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { parseSync, Visitor } from "oxc-parser";

/** From the top down. A package's list is everything of this workspace that its `src` may import. */
export const layers: readonly Readonly<Record<string, readonly string[]>>[] = [
  {
    "apps/cli": ["model", "proto", "store", "check", "api", "runtime", "cluster", "etcd-proto"],
    "apps/web": ["model", "proto", "api", "http-client"],
    "examples/counter-store": ["store"],
    "examples/embed-store": ["kernel", "kvstore"],
    "examples/todo-page": ["api", "http-client", "kvstore", "runtime"],
    "examples/watch-key": ["api", "kvstore", "runtime"],
    bench: ["*"],
  },
  {
    runtime: [
      "model",
      "proto",
      "storage",
      "store",
      "kvstore",
      "logstore",
      "kernel",
      "net",
      "node",
      "api",
      "http",
    ],
  },
  {
    cluster: [
      "model",
      "proto",
      "storage",
      "store",
      "api",
      "raft",
      "raft-log",
      "raft-net",
      "raft-node",
      "mvcc",
      "etcd-proto",
      "grpc-front",
    ],
    http: ["model", "proto", "store", "api"],
    "http-client": ["model", "store", "api"],
  },
  {
    api: ["model", "proto", "store", "systemstore", "kernel", "node"],
    sim: [
      "model",
      "proto",
      "storage",
      "store",
      "kvstore",
      "logstore",
      "systemstore",
      "kernel",
      "sync",
      "net",
      "node",
      "testkit",
      "raft",
      "raft-log",
      "raft-net",
      "raft-node",
      "etcd-proto",
      "mvcc",
      "check",
    ],
  },
  { "raft-node": ["model", "raft", "raft-log", "raft-net"] },
  {
    node: ["model", "proto", "storage", "store", "systemstore", "kernel", "sync", "net"],
    testkit: ["model", "storage", "store", "net", "raft", "etcd-proto"],
    "raft-log": ["model", "raft"],
    "raft-net": ["model", "raft"],
  },
  { sync: ["model", "proto", "storage", "store", "kernel"], net: ["model"] },
  {
    kernel: ["model", "proto", "storage", "store", "systemstore"],
    mvcc: ["model", "storage", "etcd-proto"],
  },
  {
    systemstore: ["model", "proto", "store", "kvtable"],
    kvstore: ["model", "proto", "store", "kvtable"],
    logstore: ["model", "proto", "store"],
  },
  { kvtable: ["model", "store"] },
  {
    storage: ["model"],
    store: ["model", "proto"],
    raft: ["model"],
    check: ["model"],
    "grpc-front": ["model"],
    "etcd-proto": ["model"],
  },
  { model: [], proto: [] },
];

/** Rule 4: each store type, the one package that defines it, and who else may name it. */
const storeTypes: Readonly<Record<string, string>> = {
  "core:kvstore": "kvstore",
  "core:logstore": "logstore",
};
const composers: ReadonlySet<string> = new Set(["runtime", "sim"]);

interface Place {
  readonly name: string;
  /** Relative to the root of the workspace. */
  readonly folder: string;
  readonly row: number;
  readonly allowed: ReadonlySet<string>;
  /** Demonstrations and measurements: they may use everything below them. */
  readonly isFree: boolean;
}

interface Manifest {
  readonly name: string;
  readonly exports?: Readonly<Record<string, unknown>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

/** All violations, one line each, sorted. `root` is the workspace's folder. */
export function checkLayers(root: string): string[] {
  const places = readPlaces();
  const errors = [...checkTable(places), ...checkFolders(root, places)];
  const present = [...places.values()].filter((place) =>
    existsSync(join(root, place.folder, "package.json")),
  );
  const manifests = new Map(present.map((place) => [place.name, readManifest(root, place)]));
  for (const place of present) {
    errors.push(...checkManifest({ root, place, places, manifests }));
    for (const file of sourceFiles(root, place))
      errors.push(...checkFile({ root, place, places, manifests }, file));
  }
  return [...new Set(errors)].sort();
}

export function readPlaces(): Map<string, Place> {
  const rows = layers.map((row) => Object.keys(row));
  const places = new Map<string, Place>();
  layers.forEach((row, at) => {
    const below = rows.slice(at + 1).flat();
    for (const [key, list] of Object.entries(row)) {
      const isFree = list.includes("*");
      const folder = key.includes("/") || isFree ? key : `packages/${key}`;
      const name = key.slice(key.lastIndexOf("/") + 1);
      places.set(name, { name, folder, row: at, allowed: new Set(isFree ? below : list), isFree });
    }
  });
  return places;
}

/** The table itself points downward. */
function checkTable(places: ReadonlyMap<string, Place>): string[] {
  const errors: string[] = [];
  for (const place of places.values()) {
    for (const name of place.allowed) {
      const used = places.get(name);
      if (used === undefined)
        errors.push(`scripts/layers.ts: ${place.name} names ${name}, which is no package`);
      else if (used.row <= place.row)
        errors.push(`scripts/layers.ts: ${place.name} -> ${name} does not point downward`);
    }
  }
  return errors;
}

function checkFolders(root: string, places: ReadonlyMap<string, Place>): string[] {
  const known = new Set([...places.values()].map((place) => place.folder));
  return globSync("{packages,apps,examples}/*/package.json", { cwd: root })
    .map((file) => toSlashes(dirname(file)))
    .filter((folder) => !known.has(folder))
    .map((folder) => `${folder}: not in the table of scripts/layers.ts`);
}

interface Context {
  readonly root: string;
  readonly place: Place;
  readonly places: ReadonlyMap<string, Place>;
  readonly manifests: ReadonlyMap<string, Manifest>;
}

function readManifest(root: string, place: Place): Manifest {
  return JSON.parse(readFileSync(join(root, place.folder, "package.json"), "utf8")) as Manifest;
}

function checkManifest({ root, place, manifests, places }: Context): string[] {
  const errors: string[] = [];
  const file = `${place.folder}/package.json`;
  const manifest = manifests.get(place.name)!;
  if (manifest.name !== `@lattice/${place.name}`)
    errors.push(`${file}: its name should be @lattice/${place.name}`);
  const used = latticeNames(manifest.dependencies);
  for (const name of used) {
    if (!place.allowed.has(name)) errors.push(`${file}: ${place.name} may not depend on ${name}`);
  }
  for (const name of latticeNames(manifest.devDependencies)) {
    if (!mayTest(place, places.get(name)))
      errors.push(`${file}: the tests of ${place.name} may not use ${name}`);
  }
  const tsconfig = join(root, place.folder, "tsconfig.json");
  if (!existsSync(tsconfig)) return errors;
  const { references = [] } = JSON.parse(readFileSync(tsconfig, "utf8")) as {
    references?: { path: string }[];
  };
  const referenced = references.map(({ path }) =>
    toSlashes(relative(root, resolve(dirname(tsconfig), path))),
  );
  const expected = used.map((name) => places.get(name)?.folder ?? name);
  for (const folder of referenced.filter((path) => !expected.includes(path))) {
    errors.push(`${place.folder}/tsconfig.json: refers to ${folder}, which package.json does not depend on`);
  }
  for (const folder of expected.filter((path) => !referenced.includes(path))) {
    errors.push(`${place.folder}/tsconfig.json: does not refer to ${folder}, which package.json depends on`);
  }
  return errors;
}

function latticeNames(dependencies: Readonly<Record<string, string>> = {}): string[] {
  return Object.keys(dependencies)
    .filter((name) => name.startsWith("@lattice/"))
    .map((name) => name.slice("@lattice/".length));
}

function mayTest(place: Place, used: Place | undefined): boolean {
  if (used === undefined) return false;
  return used.row >= place.row || place.isFree || (used.name === "testkit" && !used.allowed.has(place.name));
}

function sourceFiles(root: string, place: Place): string[] {
  const files = globSync("**/*.{ts,mts,cts,tsx,js,mjs}", {
    cwd: join(root, place.folder),
    exclude: (name) => name === "node_modules" || name === "dist" || name === "gen",
  });
  return files.map((file) => toSlashes(file)).filter((file) => !file.endsWith(".d.ts"));
}

function checkFile(context: Context, path: string): string[] {
  const { root, place } = context;
  const file = `${place.folder}/${path}`;
  const { imports, strings } = readSource(file, readFileSync(join(root, file), "utf8"));
  const isTest = place.isFree || !path.startsWith("src/");
  const errors = imports.map((specifier) =>
    specifier.startsWith(".")
      ? checkRelative(context, path, specifier)
      : checkPackage(context, specifier, isTest),
  );
  for (const [type, owner] of Object.entries(storeTypes)) {
    const mayName = isTest || place.name === owner || composers.has(place.name);
    if (!mayName && strings.some((text) => text.includes(type))) {
      errors.push(`names the store type ${type}, which is known to ${owner} and runtime only`);
    }
  }
  return errors.filter((error) => error !== undefined).map((error) => `${file}: ${error}`);
}

function checkRelative({ root, place }: Context, path: string, specifier: string): string | undefined {
  const folder = join(root, place.folder);
  const target = relative(folder, resolve(folder, dirname(path), specifier));
  if (target.startsWith("..")) return `"${specifier}" leaves the package; use what the other one exports`;
  if (path.startsWith("src/") && !toSlashes(target).startsWith("src/") && target !== "package.json") {
    return `"${specifier}" leaves src, which is all that ships`;
  }
  return undefined;
}

function checkPackage(
  { place, places, manifests }: Context,
  specifier: string,
  isTest: boolean,
): string | undefined {
  const match = /^@lattice\/([^/]+)(?:\/(.+))?$/.exec(specifier);
  if (match === null) return undefined;
  const [, name, entry] = match as unknown as [string, string, string?];
  const used = places.get(name);
  if (used === undefined) return `"${specifier}" is no package of this workspace`;
  const isSelf = name === place.name;
  if (isSelf && !isTest) return `"${specifier}" is this package itself; import the file`;
  if (!(place.allowed.has(name) || (isTest && mayTest(place, used)))) {
    return `${place.name}${isTest ? "'s tests" : ""} may not import ${name}`;
  }
  const manifest = manifests.get(place.name)!;
  const declared = { ...manifest.dependencies, ...(isTest ? manifest.devDependencies : {}) };
  if (!isSelf && !(`@lattice/${name}` in declared)) {
    return `"${specifier}" is not in the package's package.json`;
  }
  if (!((entry === undefined ? "." : `./${entry}`) in (manifests.get(name)?.exports ?? {}))) {
    return `"${specifier}" is not exported by ${name}`;
  }
  return undefined;
}

interface Source {
  /** What is imported: statically, dynamically, as a type, re-exported. */
  readonly imports: readonly string[];
  readonly strings: readonly string[];
}

export function readSource(file: string, text: string): Source {
  const { program, errors } = parseSync(file, text);
  if (errors[0] !== undefined) throw new Error(`${file}: ${errors[0].message}`);
  const imports: string[] = [];
  const strings: string[] = [];
  const add = (source: { type: string; value?: unknown } | null): void => {
    if (source?.type === "Literal" && typeof source.value === "string") imports.push(source.value);
  };
  new Visitor({
    ImportDeclaration: ({ source }) => add(source),
    ExportNamedDeclaration: ({ source }) => add(source),
    ExportAllDeclaration: ({ source }) => add(source),
    ImportExpression: ({ source }) => add(source),
    TSImportType: ({ source }) => add(source),
    TSExternalModuleReference: ({ expression }) => add(expression),
    CallExpression: ({ callee, arguments: [first] }) => {
      if (callee.type === "Identifier" && callee.name === "require" && first !== undefined) add(first);
    },
    Literal: ({ value }) => {
      if (typeof value === "string") strings.push(value);
    },
    TemplateElement: ({ value }) => {
      strings.push(value.cooked ?? value.raw);
    },
  }).visit(program);
  return { imports, strings };
}

/** The picture of ARCHITECTURE.md: who stands above whom, and what each may use. */
export function drawLayers(): string {
  const places = [...readPlaces().values()];
  const names = layers.map((_, row) =>
    places.filter((place) => place.row === row).map((place) => (place.isFree ? place.name : place.folder)),
  );
  const titles = names.map((row) => row.map((name) => name.replace(/^packages\//, "")).join("  "));
  const width = Math.max(...titles.map((title) => title.length)) + 2;
  const rule = (left: string, right: string): string => `${left}${"─".repeat(width)}${right}`;
  const rows = titles.map((title) => {
    const left = Math.floor((width - title.length) / 2);
    return `│${" ".repeat(left)}${title.padEnd(width - left)}│`;
  });
  return [rule("┌", "┐"), rows.join(`\n${rule("├", "┤")}\n`), rule("└", "┘")].join("\n");
}

/** The same table in words, one line a package. */
export function listLayers(): string {
  const lines = [...readPlaces().values()].map(({ name, isFree, allowed }) => {
    const list = isFree ? "everything below" : [...allowed].join(", ") || "nothing";
    return `${name.padEnd(12)} uses ${list}`;
  });
  return lines.join("\n");
}

function toSlashes(path: string): string {
  return path.split(sep).join("/");
}

if (import.meta.main) {
  if (process.argv[2] === "--print") console.log(`${drawLayers()}\n\n${listLayers()}`);
  else {
    const errors = checkLayers(join(import.meta.dirname, ".."));
    for (const error of errors) console.error(error);
    if (errors.length > 0) process.exitCode = 1;
  }
}
