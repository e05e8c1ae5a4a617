import { toHex } from "@lattice/model";

const SHOWN_MAX = 64;

const ESCAPES: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** A key or a value for a message, in one line: as text where it is printable, else in hex; cut where it is long. */
export function formatBytes(bytes: Uint8Array): string {
  const text = new TextDecoder().decode(bytes).replace(/[\n\r\t]/g, (character) => ESCAPES[character]!);
  const printable = !/[\p{C}\u{fffd}]/u.test(text);
  const shown = printable ? text : `0x${toHex(bytes)}`;
  return `"${shown.length > SHOWN_MAX ? `${shown.slice(0, SHOWN_MAX)}…` : shown}"`;
}
