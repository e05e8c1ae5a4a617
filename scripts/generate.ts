/**
 * Generates the TypeScript of every .proto, and the references for people ([reference](reference)).
 *
 *     pnpm generate              all of this repository: packages, and every example that has a folder `proto`
 *     pnpm generate FOLDER       one package, wherever it lies: FOLDER/proto gives FOLDER/src/gen
 *     pnpm generate --into BASE  all, but below BASE: so `pnpm verify` sees that what is checked in is what would come out
 *
 * A package of the second kind may import `lattice/options/v1/options.proto`, without having a copy of it.
 */
import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  globSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { root } from "./run.ts";

/** Which part of `proto/` belongs to which package. */
const outputs = [
  {
    package: "proto",
    paths: ["proto/lattice/weaver", "proto/lattice/sync", "proto/lattice/daemon", "proto/grpc"],
  },
  {
    package: "etcd-proto",
    paths: ["etcdserverpb", "mvccpb", "authpb", "v3lockpb", "v3electionpb"].map((name) => `proto/${name}`),
  },
  { package: "kvstore", paths: ["proto/lattice/kvstore"] },
  { package: "logstore", paths: ["proto/lattice/logstore"] },
];

function generateAll(base: string): void {
  for (const output of outputs) {
    const folder = join(base, "packages", output.package, "src/gen");
    const input = [".", ...output.paths.flatMap((path) => ["--path", path])];
    runBuf({ cwd: root, input, folder, ownsDescriptor: output.package === "proto" });
  }
  for (const proto of globSync("examples/*/proto", { cwd: root })) {
    const example = join(proto, "..");
    generatePackage(join(root, example), join(base, example, "src/gen"));
  }
  writeReferences(base);
}

/** In a process of its own, which reads the sources of the packages as they stand now. */
function writeReferences(base: string): void {
  const script = join(root, "scripts/reference/write.ts");
  // The generated code has enums.
  const flags = ["--experimental-transform-types", "--disable-warning=ExperimentalWarning"];
  const args = ["--conditions=@lattice/source", ...flags, script, base];
  const { status } = spawnSync(process.execPath, args, { stdio: "inherit" });
  if (status !== 0) fail("the references could not be written");
}

/** From the package's own `proto`, in a work space that has the options beside it. */
function generatePackage(source: string, folder: string): void {
  if (!existsSync(join(source, "proto"))) fail(`${source} has no folder proto`);
  const scratch = mkdtempSync(join(tmpdir(), "lattice-proto-"));
  try {
    cpSync(join(source, "proto"), join(scratch, "own"), { recursive: true });
    cpSync(join(root, "proto/lattice/options"), join(scratch, "lattice/lattice/options"), {
      recursive: true,
    });
    const modules = [{ path: "own" }, { path: "lattice" }];
    writeFileSync(join(scratch, "buf.yaml"), JSON.stringify({ version: "v2", modules }));
    runBuf({ cwd: scratch, input: ["own"], folder, ownsDescriptor: false });
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

interface Run {
  /** Has a `buf.yaml`. */
  readonly cwd: string;
  /** What of it, as `buf generate` takes it. */
  readonly input: readonly string[];
  /** Emptied first. */
  readonly folder: string;
  readonly ownsDescriptor: boolean;
}

function runBuf({ cwd, input, folder, ownsDescriptor }: Run): void {
  const scratch = mkdtempSync(join(tmpdir(), "lattice-buf-"));
  const template = join(scratch, "buf.gen.json");
  const opt = ["long_type_bigint", "client_generic", "generate_dependencies", "ts_nocheck"];
  const plugins = [{ local: "protoc-gen-ts", out: resolve(folder), opt }];
  writeFileSync(template, JSON.stringify({ version: "v2", plugins }));
  rmSync(folder, { recursive: true, force: true });
  const args = ["generate", ...input, "--template", template];
  const bin = join(root, "node_modules/.bin");
  const env = { ...process.env, PATH: `${bin}${delimiter}${process.env["PATH"] ?? ""}` };
  const result = spawnSync("buf", args, { cwd, env, stdio: "inherit" });
  rmSync(scratch, { recursive: true });
  if (result.status !== 0) fail(`buf has failed: ${result.error?.message ?? "see above"}`);
  if (!ownsDescriptor) removeDescriptor(folder);
  for (const file of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    if (file.endsWith(".ts")) mendFile(join(folder, file));
  }
}

/** The options import it, and need no code of it. */
function removeDescriptor(folder: string): void {
  rmSync(join(folder, "google/protobuf/descriptor.ts"), { force: true });
  for (const path of ["google/protobuf", "google"].map((each) => join(folder, each))) {
    if (existsSync(path) && readdirSync(path).length === 0) rmSync(path, { recursive: true });
  }
}

/** The generator knows no file extensions in imports, which Node wants. */
function mendFile(file: string): void {
  const text = readFileSync(file, "utf8");
  writeFileSync(file, text.replace(/(from "\.[^"]*?)(\.ts)?";/g, '$1.ts";'));
}

function fail(text: string): never {
  console.error(text);
  process.exit(1);
}

const [first, second] = process.argv.slice(2);
if (first === undefined) generateAll(root);
else if (first === "--into" && second !== undefined) generateAll(resolve(second));
else if (!first.startsWith("-") && second === undefined)
  generatePackage(resolve(first), join(resolve(first), "src/gen"));
else fail("usage: pnpm generate [FOLDER | --into BASE]");
