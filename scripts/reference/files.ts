/** Where the references stand, from the root of the repository. */
export const REFERENCE_FILES = {
  cli: "docs/reference/cli.md",
  api: "docs/reference/api.md",
  man: "apps/cli/man/lattice.1",
} as const;
