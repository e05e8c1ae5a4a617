/**
 * Names and lines that come from other people's nodes, safe to be shown: no control, and no mark that reorders what stands around
 * them, stays invisible.
 */
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

export function shownText(text: string): string {
  return text.replace(UNSAFE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
