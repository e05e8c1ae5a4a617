/** Text as a QR code of half blocks: two rows of it in a line of the terminal. */
import { encode } from "uqr";
import type { Paint } from "./paint.ts";

/** Cameras want a light border around it. */
const BORDER = 2;

export function qrLines(text: string, paint: Paint): string[] {
  const { data, size } = encode(text, { ecc: "L", border: BORDER });
  return Array.from({ length: Math.ceil(size / 2) }, (_, line) => {
    const upper = data[2 * line]!;
    const lower = data[2 * line + 1];
    return paint("code", upper.map((isDark, column) => halves(isDark, lower?.[column] ?? false)).join(""));
  });
}

/** What is light is drawn, as most terminals are dark; with colours it is black on white whatever they are. */
function halves(isUpperDark: boolean, isLowerDark: boolean): string {
  if (isUpperDark) return isLowerDark ? " " : "▄";
  return isLowerDark ? "▀" : "█";
}
