/**
 * Generates the TypeScript of every .proto: `pnpm generate`. With a directory as argument it writes below that
 * instead of the packages, which is how `pnpm verify` sees that what is checked in is what would be generated.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Which part of `proto/` belongs to which package. */
const outputs = [
  {
    package: "proto",
    paths: ["proto/lattice/weaver", "proto/lattice/sync", "proto/lattice/daemon", "proto/grpc"],
  },
  { package: "kvstore", paths: ["proto/lattice/kvstore"] },
  { package: "logstore", paths: ["proto/lattice/logstore"] },
];

export function generate(base: string): void {
  for (const output of outputs) {
    const folder = join(base, "packages", output.package, "src/gen");
    rmSync(folder, { recursive: true, force: true });
    runBuf(folder, output.paths);
    // What other packages own is imported from them, and the options' own import needs no code.
    if (output.package !== "proto") rmSync(join(folder, "google"), { recursive: true, force: true });
    for (const file of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
      if (file.endsWith(".ts")) mendFile(join(folder, file));
    }
  }
}

function runBuf(folder: string, paths: readonly string[]): void {
  const scratch = mkdtempSync(join(tmpdir(), "lattice-buf-"));
  const template = join(scratch, "buf.gen.json");
  const opt = ["long_type_bigint", "client_generic", "generate_dependencies", "ts_nocheck"];
  writeFileSync(
    template,
    JSON.stringify({ version: "v2", plugins: [{ local: "protoc-gen-ts", out: folder, opt }] }),
  );
  const args = ["generate", "--template", template, ...paths.flatMap((path) => ["--path", path])];
  const result = spawnSync("node_modules/.bin/buf", args, { stdio: "inherit" });
  rmSync(scratch, { recursive: true });
  if (result.status !== 0) process.exit(result.status ?? 1);
}

/** The generator knows no file extensions in imports, which Node wants. */
function mendFile(file: string): void {
  const text = readFileSync(file, "utf8");
  writeFileSync(file, text.replace(/(from "\.[^"]*?)(\.ts)?";/g, '$1.ts";'));
}

if (import.meta.main) generate(process.argv[2] ?? ".");
