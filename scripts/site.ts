/**
 * `pnpm site [FOLDER]`: the documents as a small site of plain pages, in `docs/dist` by default. No script, nothing from
 * elsewhere: it can be opened from a disk.
 */
import { join, resolve } from "node:path";
import { buildSite } from "./site/build-site.ts";
import { root } from "./run.ts";

const folder = resolve(process.argv[2] ?? join(root, "docs/dist"));
console.log(`${folder}: ${buildSite(folder)} pages`);
