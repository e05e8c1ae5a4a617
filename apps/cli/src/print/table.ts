/** Rows of text in columns. */
import { unpainted } from "./paint.ts";

/** A column is not made wider than this for its longest cells; they push what follows to the right. */
const PAD_MAX = 48;
const GAP = "  ";

export function alignRows(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, Math.min(PAD_MAX, widthOf(cell)));
    });
  }
  return rows.map((row) =>
    row
      .map((cell, column) => cell + " ".repeat(Math.max(0, widths[column]! - widthOf(cell))))
      .join(GAP)
      .trimEnd(),
  );
}

const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/gu;

/** Columns of a terminal. */
export function widthOf(painted: string): number {
  const text = unpainted(painted);
  if (/^[\u0020-\u007e]*$/.test(text)) return text.length;
  const visible = text.replace(/\p{Mark}|\u200d/gu, "");
  return [...visible].length + (visible.match(WIDE)?.length ?? 0);
}
