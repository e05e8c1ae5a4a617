/**
 * Who is sure to have what: an intention cites what its author had seen, so the last one of an author tells what that member has of
 * everybody. It may have more by now. Pure.
 */
import type { daemon } from "@lattice/proto";
import { parentsOf } from "../history/layout.ts";
import { toHex } from "../text/hex.ts";

export interface Knowledge {
  /** Authors by their keys in hex, in the order of their first appearance. */
  readonly authors: readonly string[];
  /** By author: the number of its last intention. */
  readonly tips: ReadonlyMap<string, number>;
  /** By holder, by author: the number up to which the holder is sure to have the author's intentions. 0: of none. */
  readonly known: ReadonlyMap<string, ReadonlyMap<string, number>>;
  /** By holder: when it wrote what tells so, in milliseconds since 1970. */
  readonly toldMs: ReadonlyMap<string, number>;
}

/** Of the intentions in the order of the log. Of what is cited but not among them nothing is known. */
export function knowledgeOf(intentions: readonly daemon.IntentionInfo[]): Knowledge {
  const authors = [...new Set(intentions.map(({ author }) => toHex(author)))];
  const place = new Map(authors.map((author, at) => [author, at]));
  const pasts = new Map<string, Int32Array>();
  const last = new Map<string, daemon.IntentionInfo>();
  for (const intention of intentions) {
    const author = toHex(intention.author);
    const past = new Int32Array(authors.length);
    for (const parent of parentsOf(intention)) pasts.get(parent)?.forEach((seq, at) => raise(past, at, seq));
    raise(past, place.get(author)!, Number(intention.seq));
    pasts.set(toHex(intention.id), past);
    const before = last.get(author);
    if (before === undefined || intention.seq > before.seq) last.set(author, intention);
  }
  const known = new Map<string, ReadonlyMap<string, number>>();
  for (const [holder, { id }] of last) {
    const past = pasts.get(toHex(id))!;
    known.set(holder, new Map(authors.map((author, at) => [author, past[at]!])));
  }
  return {
    authors,
    tips: new Map([...last].map(([author, { seq }]) => [author, Number(seq)])),
    known,
    toldMs: new Map([...last].map(([author, { timestamp }]) => [author, Number(timestamp >> 16n)])),
  };
}

function raise(past: Int32Array, at: number, seq: number): void {
  if (seq > past[at]!) past[at] = seq;
}

/** How many of an author's intentions a holder may lack; undefined where nothing is known. */
export function lagOf({ tips, known }: Knowledge, holder: string, author: string): number | undefined {
  const tip = tips.get(author);
  const seen = known.get(holder)?.get(author);
  if (tip === undefined || seen === undefined) return undefined;
  return tip - seen;
}
