/** Intentions as lines: a list, a drawing of the DAG, and one in full. */
import { daemon } from "@lattice/proto";
import { toHex } from "@lattice/model";
import type { MessageType } from "../fields/message.ts";
import { drawGraph } from "./graph.ts";
import { paintLanes, plainPaint } from "./paint.ts";
import { renderBlock, type RenderOptions } from "./reply.ts";
import { alignRows } from "./table.ts";
import { escapeText } from "./text.ts";
import { shortHex } from "./value.ts";

const MS_PER_HLC_BITS = 16n;

export function historyLines(intentions: readonly daemon.IntentionInfo[], options: RenderOptions): string[] {
  const ordered = childrenFirst(intentions);
  const rows = drawGraph(
    ordered.map((intention) => ({ id: toHex(intention.id), parents: parentsOf(intention) })),
  );
  return ordered.flatMap((intention, index) => {
    const { mark, below } = rows[index]!;
    const lanes = [mark, ...below].map((line) => paintLanes(options.paint ?? plainPaint, line));
    return [`${lanes[0]}  ${cellsOf(intention, options).join("  ")}`.trimEnd(), ...lanes.slice(1)];
  });
}

export function logLines(intentions: readonly daemon.IntentionInfo[], options: RenderOptions): string[] {
  return alignRows(
    intentions.map((intention) => [
      intention.witnessSeq === 0n ? "-" : String(intention.witnessSeq),
      ...cellsOf(intention, options),
    ]),
  );
}

export function intentionLines(intention: daemon.IntentionInfo): string[] {
  const type = daemon.IntentionInfo as unknown as MessageType;
  return renderBlock(type.fields, intention, { verbose: true });
}

function cellsOf(intention: daemon.IntentionInfo, options: RenderOptions): string[] {
  const author = intention.authorName === "" ? shortHex(intention.author) : escapeText(intention.authorName);
  const ms = Number(intention.timestamp >> MS_PER_HLC_BITS);
  const { paint = plainPaint } = options;
  const note = intention.note === "" ? [] : [paint("warning", `(${escapeText(intention.note)})`)];
  return [
    paint("id", options.verbose ? toHex(intention.id) : shortHex(intention.id)),
    paint("faint", new Date(ms).toISOString()),
    `${author}:${intention.seq}`,
    escapeText(intention.kind),
    escapeText(intention.summary),
    ...note,
  ].filter((cell) => cell !== "");
}

/** What it stands on: the same author's last, and what it names as seen. */
function parentsOf(intention: daemon.IntentionInfo): string[] {
  const own = intention.storePrev.some((byte) => byte !== 0) ? [intention.storePrev] : [];
  return [...new Set([...own, ...intention.condition].map(toHex))];
}

/** The order as given, except where a parent would stand above its child. */
function childrenFirst(intentions: readonly daemon.IntentionInfo[]): readonly daemon.IntentionInfo[] {
  const byId = new Map(intentions.map((intention) => [toHex(intention.id), intention]));
  const ordered: daemon.IntentionInfo[] = [];
  const done = new Set<string>();
  // Parents first, in the opposite of the order given; turned round at the end.
  for (const start of intentions.toReversed()) {
    const stack = [start];
    while (stack.length > 0) {
      const at = stack.at(-1)!;
      const id = toHex(at.id);
      const parents = parentsOf(at).filter(
        (parent) => byId.has(parent) && !done.has(parent) && parent !== id,
      );
      if (parents.length > 0 && !done.has(id)) {
        stack.push(byId.get(parents[0]!)!);
        continue;
      }
      stack.pop();
      if (done.has(id)) continue;
      done.add(id);
      ordered.push(at);
    }
  }
  return ordered.reverse();
}
