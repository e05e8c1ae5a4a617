import { readFileSync } from "node:fs";

/** The package's manifest stands one level up, both from `src` and from `dist`. */
export function packageVersion(): string {
  const manifest = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  return (JSON.parse(manifest) as { version: string }).version;
}
