/** Messages as a person reads them in a failure: byte strings as text where they are, else in hex; cut where long. */
import { sha256, toHex } from "@lattice/model";

const SHOWN_CHARS_MAX = 60;
const TEXT = /^[\x20-\x7e]+$/;

export function inWords(value: unknown): string {
  if (value instanceof Uint8Array) return bytesInWords(value);
  if (typeof value === "string") return `"${cut(value)}"`;
  if (Array.isArray(value)) return `[${value.map(inWords).join(", ")}]`;
  if (typeof value !== "object" || value === null) return String(value);
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return `{${members.map(([name, member]) => `${name}: ${inWords(member)}`).join(", ")}}`;
}

export function bytesInWords(bytes: Uint8Array): string {
  if (bytes.length === 0) return "0x";
  const text = new TextDecoder().decode(bytes);
  const shown = TEXT.test(text) ? `"${cut(text)}"` : `0x${cut(toHex(bytes))}`;
  // Of what is cut, enough to tell one from another.
  return shown.includes("…")
    ? `${shown} (${bytes.length} bytes, SHA-256 ${toHex(sha256(bytes)).slice(0, 8)}…)`
    : shown;
}

function cut(text: string): string {
  return text.length > SHOWN_CHARS_MAX ? `${text.slice(0, SHOWN_CHARS_MAX)}…` : text;
}
