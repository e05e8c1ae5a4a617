/** The licences of what is bundled, as they want to come along. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** `dist` is where the bundle lies, with the list of what went into it. */
export function thirdPartyNotices(dist: string): string {
  const folders = JSON.parse(readFileSync(join(dist, "bundled.json"), "utf8")) as string[];
  const notices = new Map(folders.map((folder) => noticeOf(folder)));
  return [...notices]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, text]) => `${name}\n\n${text}\n`)
    .join(`\n${"-".repeat(80)}\n\n`);
}

function noticeOf(folder: string): readonly [name: string, text: string] {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Record<
    string,
    unknown
  >;
  const files = readdirSync(folder).filter((file) => /^(licen[cs]e|notice|copying)/i.test(file));
  const texts = files.map((file) => readFileSync(join(folder, file), "utf8").trim());
  return [`${String(name)} ${String(version)} (${String(license)})`, texts.join("\n\n")];
}
