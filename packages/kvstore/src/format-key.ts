import { toHex } from "@lattice/model";

const SHOWN_MAX = 64;

/** A key for a message: as text where it is printable, else in hex; cut where it is long. */
export function formatKey(key: Uint8Array): string {
  const text = new TextDecoder().decode(key);
  const printable = !/[\p{C}\u{fffd}]/u.test(text);
  const shown = printable ? text : `0x${toHex(key)}`;
  return `"${shown.length > SHOWN_MAX ? `${shown.slice(0, SHOWN_MAX)}…` : shown}"`;
}
