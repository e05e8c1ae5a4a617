/**
 * `pnpm package`: the command line as a package that `npm install -g` takes, in `dist/` of this repository.
 *
 *     pnpm package            builds, and packs
 *     pnpm package --try      also installs it below a temporary folder, with npm and from its registry, and uses it there
 *
 * What is in it: the bundle with the notices of what is bundled, the man page, the files for systemd and launchd. What has native
 * code stays a dependency, of the very version that was tested; `@chainsafe/libp2p-quic` comes along in the package, as it
 * is patched here, with its own native parts from the registry.
 */
import { spawnSync } from "node:child_process";
import {
  cpSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { NATIVE_PACKAGES } from "../apps/cli/src/native-packages.ts";
import { findPackage } from "../apps/cli/src/find-package.ts";
import { build } from "./build.ts";
import { thirdPartyNotices } from "./package/notices.ts";
import { tryPackage } from "./package/try-package.ts";
import { root } from "./run.ts";

const cli = join(root, "apps/cli");

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly [field: string]: unknown;
}

/** Returns the path of the tarball. */
export function makePackage(into: string): string {
  const staging = mkdtempSync(join(tmpdir(), "lattice-package-"));
  try {
    stage(staging);
    mkdirSync(into, { recursive: true });
    const packed = spawnSync("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", into], {
      cwd: staging,
      encoding: "utf8",
    });
    if (packed.status !== 0)
      throw new Error(`npm pack has failed: ${packed.error?.message ?? packed.stderr}`);
    const answer = JSON.parse(packed.stdout) as Record<string, { filename: string }> | { filename: string }[];
    const { filename } = Object.values(answer)[0] as { filename: string };
    return join(into, filename.replace("@", "").replace("/", "-"));
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

function stage(staging: string): void {
  for (const file of globSync("dist/**/*", { cwd: cli })) {
    if (isShipped(file)) cpSync(join(cli, file), join(staging, file));
  }
  for (const part of ["man", "service", "README.md"])
    cpSync(join(cli, part), join(staging, part), { recursive: true });
  cpSync(join(root, "LICENSE"), join(staging, "LICENSE"));
  writeFileSync(join(staging, "THIRD-PARTY-NOTICES.txt"), thirdPartyNotices(join(cli, "dist")));
  writeFileSync(join(staging, "package.json"), `${JSON.stringify(manifest(), null, 2)}\n`);
  for (const name of NATIVE_PACKAGES.filter((each) => each.isPatched).map((each) => each.name)) {
    const target = join(staging, "node_modules", name);
    cpSync(realpathSync(packagePath(name)), target, { recursive: true, dereference: true });
  }
}

/** Neither what only the compiler left, nor the maps, which say nothing without the sources. */
function isShipped(file: string): boolean {
  const isLeftOver =
    file.startsWith(join("dist", "types")) || /\.(map|tsbuildinfo)$|bundled\.json$/.test(file);
  return !isLeftOver && statSync(join(cli, file)).isFile();
}

function manifest(): object {
  const { scripts: _scripts, dependencies: _ours, devDependencies: _dev, ...own } = readManifest(cli);
  const natives = NATIVE_PACKAGES.map(({ name }) => [name, readManifest(packagePath(name)).version] as const);
  return {
    ...own,
    files: [...(own["files"] as string[]), "THIRD-PARTY-NOTICES.txt"],
    dependencies: Object.fromEntries(natives),
    bundleDependencies: NATIVE_PACKAGES.filter(({ isPatched }) => isPatched).map(({ name }) => name),
  };
}

function packagePath(name: string): string {
  const { through } = NATIVE_PACKAGES.find((each) => each.name === name)!;
  return findPackage(cli, [...through, name]);
}

function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;
}

if (import.meta.main) {
  const { ok, output } = await build();
  if (!ok) {
    process.stderr.write(output);
    process.exit(1);
  }
  const tarball = makePackage(join(root, "dist"));
  console.log(tarball);
  if (process.argv.includes("--try")) tryPackage(tarball);
}
