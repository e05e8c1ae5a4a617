import { build } from "esbuild"; import { writeFile } from "node:fs/promises";
const plug = { name: "m", setup(b: any) { b.onResolve({ filter: /^lmdb$/ }, ({ path }: any) => ({ path, namespace: "absent" })); b.onLoad({ filter: /./, namespace: "absent" }, () => ({ contents: "module.exports = {};" })); } };
const out = await build({ entryPoints: ["packages/sim/try-byz.ts"], bundle: true, write: false, platform: "node", format: "esm", conditions: ["@lattice/source"], external: ["@libp2p/*", "@chainsafe/*"], plugins: [plug as any], logLevel: "silent" });
await writeFile(process.argv[2]!, out.outputFiles[0]!.text);
