/**
 * Bytes as people read and write them: text, hex or base64.
 *
 * Invariants
 *  1. What `writeBytes` gives, `readBytes` of the same form reads back to the same bytes.
 */
import { fromHex, toHex } from "./hex.ts";

export type BytesForm = "text" | "hex" | "base64";
export const BYTES_FORMS: readonly BytesForm[] = ["text", "hex", "base64"];

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
// Controls but for line breaks and tabs, and the marks that reorder what is shown.
const UNPRINTABLE = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;

/** Undefined for what is no UTF-8, or would not show as what it is. */
export function printableText(bytes: Uint8Array): string | undefined {
  try {
    const text = decoder.decode(bytes);
    return UNPRINTABLE.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
}

/** The form in which the bytes can be read best. */
export function naturalForm(bytes: Uint8Array): BytesForm {
  return printableText(bytes) === undefined ? "hex" : "text";
}

/** Undefined where the form cannot show these bytes. */
export function writeBytes(bytes: Uint8Array, form: BytesForm): string | undefined {
  switch (form) {
    case "text":
      return printableText(bytes);
    case "hex":
      return toHex(bytes).replace(/(.{8})(?=.)/g, "$1 ");
    case "base64":
      return toBase64(bytes);
  }
}

/** Undefined where the text is not of the form. */
export function readBytes(text: string, form: BytesForm): Uint8Array | undefined {
  switch (form) {
    case "text":
      return new TextEncoder().encode(text);
    case "hex":
      return fromHex(text);
    case "base64":
      return fromBase64(text);
  }
}

export function toBase64(bytes: Uint8Array): string {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}

/** Also without padding, and in the alphabet for addresses. */
function fromBase64(text: string): Uint8Array | undefined {
  const plain = text.replace(/\s+/g, "").replaceAll("-", "+").replaceAll("_", "/").replace(/=+$/, "");
  try {
    const binary = atob(plain);
    return Uint8Array.from(binary, (character) => character.charCodeAt(0));
  } catch {
    return undefined;
  }
}

/** In one line: text where it is text, else hex behind 0x; cut where it is long. */
export function bytesLine(bytes: Uint8Array, lengthMax = 400): string {
  const head = bytes.length > lengthMax ? bytes.subarray(0, lengthMax) : bytes;
  const text = printableText(head) ?? (head === bytes ? undefined : cutText(head));
  const line = text === undefined ? `0x${toHex(head)}` : text.replace(/\s*[\n\t\r]+\s*/g, " ⏎ ");
  return head === bytes ? line : `${line}…`;
}

/** The cut may have gone through a character. */
function cutText(bytes: Uint8Array): string | undefined {
  for (let cut = 1; cut < 4; cut++) {
    const text = printableText(bytes.subarray(0, bytes.length - cut));
    if (text !== undefined) return text;
  }
  return undefined;
}
