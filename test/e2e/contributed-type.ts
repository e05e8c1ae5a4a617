/**
 * The store type of CONTRIBUTING.md, made as that says: every block of its chapter that follows the name of a file is
 * that file.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";

const root = join(import.meta.dirname, "../..");

export interface Contribution {
  /** Where it lies. */
  readonly directory: string;
  /** Gives each file another text than CONTRIBUTING.md has. */
  readonly edit?: (text: string) => string;
}

/** Writes the package into a folder, generates and builds it: outside the repository, with copies of its own. */
export function makeContribution({ directory, edit = (text) => text }: Contribution): void {
  for (const [file, text] of filesOf(readFileSync(join(root, "CONTRIBUTING.md"), "utf8"))) {
    mkdirSync(dirname(join(directory, file)), { recursive: true });
    writeFileSync(join(directory, file), edit(text));
  }
  installInto(directory);
  run(directory, process.execPath, join(root, "scripts/generate.ts"), directory);
  runScript(directory, "build");
}

/** One of the scripts of its `package.json`. Throws, with what it says, where it fails. */
export function runScript(directory: string, name: string): void {
  const { scripts } = JSON.parse(readFileSync(join(directory, "package.json"), "utf8")) as {
    scripts: Readonly<Record<string, string>>;
  };
  run(directory, "sh", "-c", scripts[name]!);
}

function run(directory: string, command: string, ...args: readonly string[]): void {
  const bin = join(root, "node_modules/.bin");
  // A test runner in a test is to take itself for the first one.
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith("VITEST"));
  const env = { ...Object.fromEntries(own), NODE_ENV: "", PATH: `${bin}${delimiter}${process.env["PATH"]}` };
  execFileSync(command, args, { cwd: directory, env, stdio: "pipe" });
}

/** What `pnpm install` makes of its `package.json`, without asking anybody. */
function installInto(directory: string): void {
  const modules = join(directory, "node_modules");
  for (const name of ["@protobuf-ts/runtime", "@protobuf-ts/runtime-rpc"])
    link(join(root, "packages/store/node_modules", name), join(modules, name));
  for (const name of ["store", "testkit"])
    link(join(root, "packages", name), join(modules, "@lattice", name));
  for (const name of ["esbuild", "fast-check", "vitest"])
    link(join(root, "node_modules", name), join(modules, name));
}

function link(target: string, path: string): void {
  mkdirSync(dirname(path), { recursive: true });
  symlinkSync(target, path);
}

/** A line with nothing but a name in code and a colon, then a block. */
function filesOf(document: string): readonly (readonly [string, string])[] {
  const blocks = document.matchAll(/^`([\w./-]+)`:\n\n```\w+\n([^]*?)^```$/gm);
  return [...blocks].map(([, file, text]) => [file!, text!] as const);
}
