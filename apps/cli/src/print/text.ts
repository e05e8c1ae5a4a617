/**
 * Text that is safe to show. Names, values and messages come from other people's nodes; none may move the cursor,
 * change colours or forge a line of its own.
 */

// C0 and C1 controls, line and paragraph separators, and the marks that reorder what is shown.
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;
const UNSAFE_ALL = new RegExp(UNSAFE, "g");
const UNSAFE_BUT_LAYOUT = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;

const ESCAPES: Readonly<Record<string, string>> = { "\n": "\\n", "\t": "\\t", "\r": "\\r" };

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Undefined where the bytes are no UTF-8. Loses nothing: encoding the text gives the bytes back. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}

/** As `decodeUtf8`, but also undefined for what should not reach a terminal; line breaks and tabs may. */
export function decodePrintable(bytes: Uint8Array): string | undefined {
  const text = decodeUtf8(bytes);
  return text === undefined || UNSAFE_BUT_LAYOUT.test(text) ? undefined : text;
}

/** The text in one line, with everything unsafe written as an escape. */
export function escapeText(text: string): string {
  return text.replace(UNSAFE_ALL, (character) => ESCAPES[character] ?? escapeCode(character));
}

function escapeCode(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** For messages: line breaks become spaces. */
export function oneLine(text: string): string {
  return escapeText(text.trim().replace(/\s*[\r\n]+\s*/g, " "));
}
