/** Why one thing in a store is what it is, for a person. */
import type { daemon } from "@lattice/proto";
import { hlcToMs } from "@lattice/model";
import type { BytesForm } from "./value.ts";
import { plainPaint, type Paint } from "./paint.ts";
import { alignRows } from "./table.ts";
import { escapeText, oneLine } from "./text.ts";
import { bytesText, shortHex } from "./value.ts";

export interface ExplanationOptions {
  readonly bytes?: BytesForm;
  readonly paint?: Paint;
  readonly isCut?: boolean;
  /** A way out, as a line that can be typed as it stands. */
  readonly command: (resolution: daemon.Resolution) => string;
}

export function explanationLines(reply: daemon.ExplainReply, options: ExplanationOptions): string[] {
  const { heads, rule, resolutions } = reply;
  const { paint = plainPaint } = options;
  const rows = alignRows(heads.map((head, index) => [...rowOf(head, index, options)]));
  const lines = heads.flatMap((head, index) => [
    rows[index]!,
    `    ${paint("faint", seenText(head, heads))}`,
  ]);
  if (heads.length < 2) return [...lines, "No conflict: every later write had seen the earlier ones."];
  return [
    `${heads.length} writes that no later one has seen:`,
    ...lines,
    `${paint("title", "Why the first counts:")} ${oneLine(rule)}.`,
    ...(resolutions.length === 0 ? [] : [paint("title", "To end the conflict, type one of these lines:")]),
    ...resolutions.flatMap((each) => [
      `  ${oneLine(each.text)}:`,
      `    ${paint("shown", options.command(each))}`,
    ]),
  ];
}

function rowOf(head: daemon.ExplainedHead, index: number, options: ExplanationOptions): readonly string[] {
  const { paint = plainPaint, bytes = "text", isCut = false } = options;
  const value =
    head.value === undefined ? "(removed)" : bytesText(head.value, { inline: true, bytes, isCut });
  return [
    `${index === 0 ? "*" : " "} ${paint("id", shortHex(head.hash))}`,
    writerText({ ...head, name: head.authorName }),
    new Date(hlcToMs(head.timestamp)).toISOString(),
    index === 0 ? paint("shown", value) : value,
  ];
}

function seenText(head: daemon.ExplainedHead, heads: readonly daemon.ExplainedHead[]): string {
  const seen = head.seen.length === 0 ? "nothing" : head.seen.map(writerText).join(", ");
  const named = (hashes: readonly Uint8Array[]) =>
    hashes.map((hash) =>
      shortHex(heads.find((other) => Buffer.compare(other.hash, hash) === 0)?.hash ?? hash),
    );
  const had = head.seenHashes.length === 0 ? "" : `, and with that ${named(head.seenHashes).join(", ")}`;
  const not = head.unseenHashes.length === 0 ? "" : `; not ${named(head.unseenHashes).join(", ")}`;
  return `had seen ${seen}${had}${not}`;
}

function writerText({ author, name, seq }: { author: Uint8Array; name: string; seq: bigint }): string {
  return `${name === "" ? shortHex(author) : escapeText(name)}:${seq}`;
}
