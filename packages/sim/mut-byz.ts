import { build } from "esbuild"; import { readFile, writeFile } from "node:fs/promises"; import { spawnSync } from "node:child_process";
import { mutate } from "./mutants/mutant.ts"; import * as M from "./mutants/mutants.ts";
const all = Object.values(M).find(Array.isArray) as any[];
for (const m of all) { try { mutate(await readFile("/work/main/" + m.file, "utf8"), m); } catch (e) { console.log(String(e.message)); } }
const picks = (process.argv[2] ?? "").split(",").filter(Boolean);
for (const name of picks) {
  const m = all.find((x) => x.name === name); if (!m) { console.log("no", name); continue; }
  const plug = { name: "m", setup(b: any) { b.onResolve({ filter: /^lmdb$/ }, ({ path }: any) => ({ path, namespace: "absent" })); b.onLoad({ filter: /./, namespace: "absent" }, () => ({ contents: "module.exports = {};" }));
    b.onLoad({ filter: new RegExp(m.file.replaceAll(".", "\\.") + "$") }, async () => ({ contents: mutate(await readFile("/work/main/" + m.file, "utf8"), m), loader: "ts" })); } };
  const out = await build({ entryPoints: ["packages/sim/try-byz.ts"], bundle: true, write: false, platform: "node", format: "esm", conditions: ["@lattice/source"], external: ["@libp2p/*", "@chainsafe/*"], plugins: [plug as any], logLevel: "silent" });
  await writeFile(`packages/sim/dist/mut-${name}.mjs`, out.outputFiles[0]!.text);
  const r = spawnSync("node", ["--max-old-space-size=2000", `packages/sim/dist/mut-${name}.mjs`, "0", "100"], { encoding: "utf8", timeout: 200_000 });
  const lines = (r.stdout + r.stderr).split("\n").filter((l) => /^\d+ .* steps /.test(l));
  console.log(name, lines.length, "violations;", lines.slice(0, 3).map((l) => l.slice(0, 150)).join(" || ") || (r.stdout + r.stderr).slice(-300));
}
