/** What is on the site, in the order in which it is offered. */
import { globSync } from "node:fs";
import { root } from "../run.ts";

export interface Page {
  readonly title: string;
  /** From the root of the repository. */
  readonly file: string;
  /** From the root of the site. */
  readonly path: string;
}

export interface Section {
  readonly title: string;
  readonly pages: readonly Page[];
}

export const SECTIONS: readonly Section[] = [
  {
    title: "Start",
    pages: [page("Guide", "docs/guide.md", "index.html"), page("Concepts", "docs/concepts.md")],
  },
  {
    title: "Reference",
    pages: [
      page("Command line", "docs/reference/cli.md"),
      page("API", "docs/reference/api.md"),
      page("Glossary", "docs/glossary.md"),
    ],
  },
  {
    title: "Run it",
    pages: [
      page("Operations", "docs/operations.md"),
      page("Security model", "docs/security.md"),
      page("Performance", "docs/performance.md"),
    ],
  },
  {
    title: "How it works",
    pages: [
      page("Protocol", "docs/weaver.md"),
      page("Cluster", "docs/cluster.md"),
      page("Raft", "docs/raft.md"),
      page("Simulation", "docs/simulation.md"),
      page("Dependencies", "docs/dependencies.md"),
      ...globSync("docs/decisions/*.md", { cwd: root })
        .toSorted()
        .map((file) => page(`Decision ${Number(/(\d{4})-/.exec(file)![1])}`, file)),
    ],
  },
];

export const PAGES: readonly Page[] = SECTIONS.flatMap(({ pages }) => pages);

function page(
  title: string,
  file: string,
  path = file.replace(/^docs\//, "").replace(/\.md$/, ".html"),
): Page {
  return { title, file, path };
}
