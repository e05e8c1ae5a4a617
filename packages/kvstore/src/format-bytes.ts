import { toHex } from "@lattice/model";

const SHOWN_MAX = 64;

/** A key or a value for a message: as text where it is printable, else in hex; cut where it is long. */
export function formatBytes(bytes: Uint8Array): string {
  const text = new TextDecoder().decode(bytes);
  const printable = !/[\p{C}\u{fffd}]/u.test(text);
  const shown = printable ? text : `0x${toHex(bytes)}`;
  return `"${shown.length > SHOWN_MAX ? `${shown.slice(0, SHOWN_MAX)}…` : shown}"`;
}
