/** One of a few hues for each author, the same everywhere: a colour helps to follow an author, and never tells who it is. */
export const HUE_COUNT = 8;

export function authorHue(author: Uint8Array): number {
  return (author[0] ?? 0) % HUE_COUNT;
}
