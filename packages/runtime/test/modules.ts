/** Modules with store types, on the disk, for as long as a test lasts. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";

/** A folder with these files. */
export function folder(files: Readonly<Record<string, string>>): string {
  const path = realpathSync(mkdtempSync(join(tmpdir(), "lattice-types-")));
  onTestFinished(() => rmSync(path, { recursive: true }));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), text);
  }
  return path;
}

/** The code of a value that `defineStore` of some copy of the package could have returned. */
export function typeNamed(name: string): string {
  return `{ type: "${name}", schema: 1, [Symbol.for("lattice.store-type")]: 1 }`;
}
