/**
 * Bundles the command into `dist`: one entry, and a chunk for each part that is loaded only when it is needed.
 *
 * What brings native code along cannot go into a bundle. In the workspace it is a dependency of packages that are bundled, so
 * the bundle looks it up from there; where the command was installed from a package it is a dependency of its own.
 */
import {
  chmodSync,
  cpSync,
  existsSync,
  globSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { basename, join, relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { build, type Plugin } from "esbuild";
import { NATIVE_PACKAGES } from "./src/native-packages.ts";
import { findInstalled, findPackage } from "./src/find-package.ts";

const here = import.meta.dirname;
const outdir = join(here, "dist");

/** By package: the packages through which this one comes to it. */
const NATIVE: ReadonlyMap<string, readonly string[]> = new Map(
  NATIVE_PACKAGES.map(({ name, through }) => [name, through]),
);

const nativePackages: Plugin = {
  name: "native-packages",
  setup(bundler) {
    const filter = new RegExp(`^(${[...NATIVE.keys()].join("|")})$`);
    bundler.onResolve({ filter }, ({ path, pluginData }) =>
      pluginData === "resolving" ? undefined : { path, namespace: "native" },
    );
    bundler.onLoad({ filter: /./, namespace: "native" }, async ({ path: name }) => {
      const owner = findPackage(here, NATIVE.get(name)!);
      const options = { resolveDir: owner, kind: "import-statement", pluginData: "resolving" } as const;
      const { path } = await bundler.resolve(name, options);
      return { contents: await nativeModule(name, path), resolveDir: here };
    });
  },
};

/** Stands for the package in the bundle: finds it where it is installed, and gives on what it exports. */
async function nativeModule(name: string, path: string): Promise<string> {
  const chain = [...NATIVE.get(name)!, name];
  const entry = relative(findInstalled(here, chain), path);
  return `
    import { join } from "node:path";
    import { pathToFileURL } from "node:url";
    import { findInstalled } from "./src/find-package.ts";
    const found = join(findInstalled(import.meta.dirname, ${JSON.stringify(chain)}), ${JSON.stringify(entry)});
    const exported = await import(pathToFileURL(found).href);
    export default exported.default;
    ${(await exportsOf(path)).map((each) => `export const ${each} = exported.${each};`).join("\n")}
  `;
}

/**
 * A CommonJS package that is imported at run time would come out of the bundle with a default export only. Node gives its
 * names too, so here they are spelled out.
 */
const lazyCommonJs: Plugin = {
  name: "lazy-commonjs",
  setup(bundler) {
    bundler.onResolve({ filter: /^[^./]/ }, async ({ path, kind, resolveDir, pluginData }) => {
      if (kind !== "dynamic-import" || pluginData === "resolving") return undefined;
      const found = await bundler.resolve(path, {
        resolveDir,
        kind: "require-call",
        pluginData: "resolving",
      });
      return (await isCommonJs(found.path)) ? { path: found.path, namespace: "lazy-commonjs" } : undefined;
    });
    bundler.onLoad({ filter: /./, namespace: "lazy-commonjs" }, async ({ path }) => ({
      contents: `
        const exported = require(${JSON.stringify(path)});
        export default exported;
        ${(await exportsOf(path)).map((each) => `export const ${each} = exported.${each};`).join("\n")}
      `,
      resolveDir: here,
    }));
  },
};

async function isCommonJs(path: string): Promise<boolean> {
  if (!/[/\\]node_modules[/\\].*\.c?js$/.test(path)) return false;
  return "module.exports" in ((await import(pathToFileURL(path).href)) as object);
}

/** What can be named in an `export`. */
async function exportsOf(path: string): Promise<readonly string[]> {
  const names = Object.keys((await import(pathToFileURL(path).href)) as object);
  return names.filter((name) => /^[A-Za-z_$][\w$]*$/.test(name) && name !== "default");
}

const { metafile } = await build({
  // The second is what storages start as a thread; it is looked for beside the chunks.
  entryPoints: [join(here, "src/lattice.ts"), join(here, "../../packages/storage/src/lmdb/merge-worker.ts")],
  entryNames: "[name]",
  outdir,
  bundle: true,
  splitting: true,
  platform: "node",
  format: "esm",
  target: "node22",
  conditions: ["@lattice/source"],
  chunkNames: "[name]-[hash]",
  sourcemap: true,
  sourcesContent: false,
  // CommonJS packages in the bundle ask for Node's own modules by `require`.
  banner: {
    js: 'import { createRequire as createRequireHere } from "node:module"; const require = createRequireHere(import.meta.url);',
  },
  plugins: [nativePackages, lazyCommonJs],
  logLevel: "warning",
  metafile: true,
});
chmodSync(join(outdir, "lattice.js"), 0o755);
removeStale(new Set(Object.keys(metafile.outputs).map((path) => basename(path))));

/** The folders of what was bundled, for whoever packs the command: their licences come along. */
writeFileSync(join(outdir, "bundled.json"), JSON.stringify(bundledPackages(Object.keys(metafile.inputs))));

function bundledPackages(inputs: readonly string[]): string[] {
  // Those that stand for a package have the name of their plugin before the path.
  const paths = inputs.map((input) => resolve(input.replace(/^[a-z-]+:/, "")));
  const folders = paths.map((path) => /^(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1]);
  return [...new Set(folders.filter((folder) => folder !== undefined))].toSorted();
}

/** What an earlier build left. Only now, so that there is a whole command at any time. */
function removeStale(current: ReadonlySet<string>): void {
  for (const name of readdirSync(outdir)) {
    if (/\.js(\.map)?$/.test(name) && !current.has(name)) rmSync(join(outdir, name));
  }
}

copyPage(join(here, "../web/dist"), join(outdir, "web"));

/** What browsers can take in less is compressed here, once, since the node only hands it out. */
function copyPage(from: string, to: string): void {
  rmSync(to, { recursive: true, force: true });
  if (!existsSync(join(from, "index.html"))) return;
  cpSync(from, to, { recursive: true });
  for (const name of globSync("**/*.{html,js,css,svg,json,webmanifest}", { cwd: to })) {
    const bytes = readFileSync(join(to, name));
    const smaller = { br: brotliCompressSync(bytes), gz: gzipSync(bytes, { level: 9 }) };
    for (const [extension, compressed] of Object.entries(smaller)) {
      if (compressed.length < bytes.length) writeFileSync(join(to, `${name}.${extension}`), compressed);
    }
  }
}

const outputs = Object.entries(metafile.outputs).filter(([path]) => path.endsWith(".js"));
const megabytes = outputs.reduce((sum, [, output]) => sum + output.bytes, 0) / 1e6;
console.log(`apps/cli/dist: ${outputs.length} files, ${megabytes.toFixed(1)} MB`);
