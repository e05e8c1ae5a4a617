/** A way through the world told in words, step by step, and what the world is like at its end. */
import { EntryKind, type Entry, type Membership, type Message } from "@lattice/raft";
import { Violation } from "../violation.ts";
import type { Atlas, InputView, MemberView } from "./atlas.ts";
import type { Bounds } from "./bounds.ts";
import { Checks } from "./checks.ts";
import type { Input } from "./member.ts";
import { verifyProgress } from "./progress.ts";
import { honestRules, type Rules } from "./rules.ts";
import { WorldSpace, type Move, type World } from "./world.ts";

export interface Trail {
  readonly lines: readonly string[];
  readonly violation: Violation | undefined;
}

/** Goes the way again. Throws where there is no such move. */
export function retrace(options: { bounds: Bounds; path: readonly string[]; rules?: Rules }): Trail {
  const { bounds, path, rules = honestRules } = options;
  const space = new WorldSpace(bounds, rules);
  const checks = new Checks();
  const lines: string[] = [];
  let world = space.first();
  try {
    for (const [at, code] of path.entries()) {
      const move = space.moves(world).find((each) => space.codeOf(each) === code);
      if (move === undefined) throw new RangeError(`nothing like step ${at + 1}, ${code}, can happen there`);
      lines.push(`${String(at + 1).padStart(3)}  ${moveText(move, space.atlas)}`);
      world = space.after(world, move) ?? world;
      checks.verify(world.members, world.chronicle);
    }
    verifyProgress(world, space.atlas, rules);
  } catch (error) {
    if (!(error instanceof Violation)) throw error;
    return { lines: [...lines, "", ...worldLines(world, space.atlas)], violation: error };
  }
  return { lines: [...lines, "", ...worldLines(world, space.atlas)], violation: undefined };
}

function moveText({ member, input, isDuplicate }: Move, atlas: Atlas): string {
  const view: InputView = atlas.input(input);
  const text = inputText(view.input, member + 1);
  return isDuplicate ? `${text} (and once more, maybe)` : text;
}

function inputText(input: Input, member: number): string {
  const who = `member ${member}`;
  switch (input.kind) {
    case "deliver":
      return `delivered: ${messageText(input.message)}`;
    case "persist":
      return `${who}: a write is durable`;
    case "crash":
      return `${who} crashes and starts again${input.keepsState ? ", its state machine where it was" : ""}`;
    case "campaign":
      return `${who} holds an election`;
    case "pre-vote":
      return `${who} asks whether it would be elected`;
    case "step-down":
      return `${who} does not hear of a majority and steps down`;
    case "propose":
      return `${who} takes proposal ${input.value}`;
    case "read":
      return `${who} begins a read`;
    case "snapshot":
      return `${who} takes a snapshot and forgets the log before it`;
    case "transfer":
      return `${who} is to hand over to member ${input.to}`;
    case "change":
      return `${who} is to change the membership: ${input.change.kind} ${input.change.member}`;
  }
}

function messageText(message: Message): string {
  const { type, from, to, term, ...rest } = message;
  const fields = Object.entries(rest).map(([name, value]) => `${name} ${valueText(value)}`);
  return [`${from} → ${to}`, type, `term ${term}`, ...fields].join(", ");
}

function valueText(value: unknown): string {
  if (value instanceof Uint8Array) return `${value.length} B`;
  if (Array.isArray(value)) return `[${value.map((entry: Entry) => entryText(entry)).join(" ")}]`;
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** An entry as term:what. */
function entryText({ index, term, kind, data, membership }: Entry): string {
  if (kind === EntryKind.NOOP) return `${index}@${term}`;
  return `${index}@${term}:${kind === EntryKind.DATA ? data.join() : membershipText(membership!)}`;
}

function membershipText({ voters, outgoing, learners }: Membership): string {
  return [voters, outgoing, learners].map((ids) => `{${ids.join()}}`).join("");
}

function worldLines(world: World, atlas: Atlas): string[] {
  const { chronicle, members, messages } = world;
  return [
    ...members.flatMap(memberLines),
    `committed: ${chronicle.committed.map(({ entry }) => entryText(entry)).join(" ")}`,
    `elected: ${chronicle.leaders.map(({ term, member }) => `${member} in term ${term}`).join(", ") || "nobody"}`,
    ...messages.map(
      (number) => `under way: ${inputText(atlas.input(number).input, 0).slice("delivered: ".length)}`,
    ),
  ];
}

function memberLines({ id, member }: MemberView): string[] {
  const { raft, disk, pending } = member;
  const { role, term, vote, leader, commit } = raft.status();
  const { log } = raft;
  const entries = log.slice((log.base.index + 1) as typeof commit, log.lastIndex, {
    countMax: Infinity,
    bytesMax: Infinity,
  });
  const { hardState, base } = disk;
  return [
    `member ${id}: ${role}, term ${term}, vote ${vote}, leader ${leader}, commit ${commit}, log ${logText(log.base.index, entries)}`,
    `    disk: term ${hardState.term}, vote ${hardState.vote}, commit ${hardState.commit}, log ${logText(base.index, disk.entries)}; ${pending.length} writes pending`,
  ];
}

function logText(base: number, entries: readonly Entry[]): string {
  return `${base > 0 ? `behind ${base} ` : ""}[${entries.map(entryText).join(" ")}]`;
}
