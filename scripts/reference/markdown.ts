/** Pieces of Markdown. */

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)];
}

/** Text that stands in a cell of a table: nothing in it is taken for Markdown. */
export function escapeCell(text: string): string {
  return text
    .replaceAll("\n", " ")
    .replaceAll(/[|*_<]/g, "\\$&")
    .trim();
}
