/** The documents as a site: every link leads somewhere, also to a heading. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { buildSite } from "../scripts/site/build-site.ts";
import { headingIds } from "../scripts/site/heading-ids.ts";
import { PAGES } from "../scripts/site/pages.ts";

const folder = mkdtempSync(join(tmpdir(), "lattice-site-"));
beforeAll(() => {
  buildSite(folder);
});
afterAll(() => rmSync(folder, { recursive: true }));

it.each(PAGES.map(({ path }) => path))("%s links to what is there", (path) => {
  const html = readFileSync(join(folder, path), "utf8");
  const links = [...html.matchAll(/<a href="([^"]*)"/g)].map(([, href]) => href!.replaceAll("&amp;", "&"));
  expect(links.length).toBeGreaterThan(PAGES.length);
  const broken = links.filter((href) => !/^[a-z]+:/.test(href) && !leadsSomewhere(href, path));
  expect(broken).toEqual([]);
});

function leadsSomewhere(href: string, from: string): boolean {
  const [file = "", fragment] = href.split("#");
  const target = file === "" ? join(folder, from) : join(folder, dirname(from), file);
  if (!existsSync(target)) return false;
  if (fragment === undefined) return true;
  const text = readFileSync(target, "utf8");
  if (target.endsWith(".html")) return text.includes(` id="${fragment}"`);
  const idOf = headingIds();
  return [...text.matchAll(/^#+ (.*)$/gm)].some(([, heading]) => idOf(heading!) === fragment);
}

it("nothing on a page comes from elsewhere, or runs", () => {
  for (const { path } of PAGES) {
    const html = readFileSync(join(folder, path), "utf8");
    expect(html).not.toMatch(/<script|<iframe|src="|<link[^>]*href="[a-z]+:/);
    expect(html.match(/<h1/g)).toHaveLength(1);
  }
});

it("headings are called as GitHub calls them", () => {
  const idOf = headingIds();
  expect(idOf("State on disk")).toBe("state-on-disk");
  expect(idOf("`--json` and [more](x.md)")).toBe("--json-and-more");
  expect(idOf("State on disk")).toBe("state-on-disk-1");
});
