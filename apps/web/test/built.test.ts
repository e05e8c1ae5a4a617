/** The built page, as files. `pnpm build` comes first; without it there is nothing to test here. */
import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";

const dist = join(import.meta.dirname, "../dist");
/** What a browser must fetch before the page can be used. */
const MAIN_BYTES_MAX = 250_000;

describe.skipIf(!existsSync(join(dist, "index.html")))("the built page", () => {
  const document = (): string => readFileSync(join(dist, "index.html"), "utf8");
  const referenced = (): string[] =>
    [...document().matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => path!);

  it("is small", () => {
    const bytes = referenced().map((path) => gzipSync(readFileSync(join(dist, path))).length);
    expect(bytes.length).toBeGreaterThan(2);
    expect(bytes.reduce((sum, length) => sum + length, 0)).toBeLessThanOrEqual(MAIN_BYTES_MAX);
  });

  it("has everything in files of its own, and asks nobody else", () => {
    expect(document()).not.toMatch(/<style|style=|<script(?![^>]*\bsrc=)/);
    for (const path of referenced()) expect(path).toMatch(/^\/[^/]/);
    const styles = globSync("**/*.css", { cwd: dist }).map((file) => readFileSync(join(dist, file), "utf8"));
    expect(styles.join("")).not.toMatch(/url\(["']?(?:https?:)?\/\//);
  });
});
