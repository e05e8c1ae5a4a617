/**
 * Writes what is made of the code for people to read: the reference of the command line and its man page, from the table of
 * commands, and the reference of the API, from the protos. `pnpm generate` runs it, on the sources of the packages.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { apiReference } from "./api-reference.ts";
import { cliReference } from "./cli-reference.ts";
import { manPage } from "./man-page.ts";
import { REFERENCE_FILES } from "./files.ts";
import { root } from "../run.ts";

const base = resolve(process.argv[2] ?? root);

function write(file: string, text: string): void {
  const path = join(base, file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

write(REFERENCE_FILES.cli, cliReference());
write(REFERENCE_FILES.man, manPage());
write(REFERENCE_FILES.api, apiReference());
