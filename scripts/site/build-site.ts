/** From Markdown to pages. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { Marked, type Tokens } from "marked";
import { root } from "../run.ts";
import { headingIds } from "./heading-ids.ts";
import { PAGES, SECTIONS, type Page } from "./pages.ts";
import { STYLE } from "./style.ts";

/** Returns how many pages there are. The folder is emptied first. */
export function buildSite(folder: string): number {
  rmSync(folder, { recursive: true, force: true });
  for (const page of PAGES) {
    const path = join(folder, page.path);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, pageHtml(page, path));
  }
  writeFileSync(join(folder, "style.css"), STYLE);
  return PAGES.length;
}

function pageHtml(page: Page, output: string): string {
  const text = readFileSync(join(root, page.file), "utf8");
  const toRoot = relative(dirname(page.path), ".") || ".";
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${page.title} · Lattice</title>
<link rel="stylesheet" href="${toRoot}/style.css">
</head>
<body>
<nav aria-label="Pages">
<p class="name"><a href="${toRoot}/index.html">Lattice</a></p>
${SECTIONS.map(({ title, pages }) => `<h2>${title}</h2>\n<ul>\n${pages.map((each) => entryHtml(each, page)).join("\n")}\n</ul>`).join("\n")}
</nav>
<main>
${articleHtml(text, page, output)}
</main>
</body>
</html>
`;
}

function entryHtml(entry: Page, current: Page): string {
  const href = relative(dirname(current.path), entry.path);
  return `<li><a href="${href}"${entry === current ? ' aria-current="page"' : ""}>${entry.title}</a></li>`;
}

function articleHtml(text: string, page: Page, output: string): string {
  const idOf = headingIds();
  const marked = new Marked({
    renderer: {
      heading({ tokens, depth, text: source }: Tokens.Heading) {
        const html = this.parser.parseInline(tokens);
        return `<h${depth} id="${idOf(source)}">${html}</h${depth}>\n`;
      },
      link({ href, tokens }: Tokens.Link) {
        return `<a href="${escapeHtml(linkTo(href, page, output))}">${this.parser.parseInline(tokens)}</a>`;
      },
      table(token: Tokens.Table) {
        const row = (cells: readonly Tokens.TableCell[], tag: string) =>
          `<tr>${cells.map((cell) => `<${tag}>${this.parser.parseInline(cell.tokens)}</${tag}>`).join("")}</tr>`;
        const body = token.rows.map((cells) => row(cells, "td")).join("\n");
        // Wide ones are moved within the page, not the page itself.
        return `<div class="table" tabindex="0"><table>\n<thead>${row(token.header, "th")}</thead>\n<tbody>\n${body}\n</tbody></table></div>\n`;
      },
    },
  });
  return marked.parse(text, { async: false });
}

/** To another page of the site where there is one; else to the file in the repository, from where the page is written. */
function linkTo(href: string, page: Page, output: string): string {
  if (/^[a-z]+:/.test(href) || href.startsWith("#")) return href;
  const [path = "", fragment] = href.split("#");
  const target = join(dirname(page.file), path);
  const found = PAGES.find(({ file }) => file === target);
  const anchor = fragment === undefined ? "" : `#${fragment}`;
  if (found !== undefined) return relative(dirname(page.path), found.path) + anchor;
  return relative(dirname(output), join(root, target)) + anchor;
}

function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;");
}
