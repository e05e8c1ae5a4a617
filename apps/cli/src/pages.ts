/** Lists that a node gives in pages. */
import type { daemon } from "@lattice/proto";
import { UsageError } from "./errors.ts";

const LIMIT_DEFAULT = 100;
const LIMIT_DIGITS_MAX = 9;
/** What one page may hold. */
const PAGE_COUNT_MAX = 1_000;

/** 0 = all. */
export function parseLimit(text: string | undefined): number {
  if (text === undefined) return LIMIT_DEFAULT;
  if (!/^\d+$/.test(text)) throw new UsageError(`--limit: "${text}" is no whole number`);
  if (text.length > LIMIT_DIGITS_MAX) throw new UsageError(`--limit: ${text} is too large; 0 shows all`);
  return Number(text);
}

/** As many as `limit` says, as one page; its `next` is empty at the end. */
export async function collectPages(
  fetchPage: (page: { limit: number; cursor: Uint8Array }) => Promise<daemon.IntentionPage>,
  limit: number,
): Promise<daemon.IntentionPage> {
  const intentions: daemon.IntentionInfo[] = [];
  let next: Uint8Array = new Uint8Array();
  do {
    const left = limit === 0 ? PAGE_COUNT_MAX : limit - intentions.length;
    const page = await fetchPage({ limit: Math.min(left, PAGE_COUNT_MAX), cursor: next });
    intentions.push(...page.intentions);
    next = page.next;
  } while (next.length > 0 && (limit === 0 || intentions.length < limit));
  return { intentions, next };
}
