/**
 * Plain data as text: the same for the same data, whatever order its maps were filled in, and under other names for the
 * members. Times are left out (see `explorer.ts` on why they may be).
 */
import { sha256, utf8 } from "@lattice/model";

/** The new name of each member, by its id; nobody (0) stays nobody. */
export type Renaming = readonly number[];

const NAMES_MEMBER = new Set(["id", "member", "from", "to", "vote", "leader"]);
const NAMES_MEMBERS = new Set(["voters", "outgoing", "learners", "learnersNext"]);

export function canonicalText(value: unknown, renaming: Renaming): string {
  return JSON.stringify(canonical(value, "", renaming));
}

function canonical(value: unknown, name: string, renaming: Renaming): unknown {
  if (typeof value === "number") return NAMES_MEMBER.has(name) ? renaming[value] : value;
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Uint8Array) return [...value];
  if (!Array.isArray(value)) return canonicalObject(value, renaming);
  if (NAMES_MEMBERS.has(name)) return value.map((id: number) => renaming[id]!).sort((a, b) => a - b);
  const items = value.map((each: unknown) => canonical(each, "", renaming));
  // The network keeps no order, and of members there is none.
  return name === "messages" || hasMember(value[0]) ? sortedByText(items) : items;
}

function canonicalObject(value: object, renaming: Renaming): unknown {
  const out: Record<string, unknown> = {};
  for (const [name, each] of Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (!name.endsWith("Ms")) out[name] = canonical(each, name, renaming);
  }
  return out;
}

function hasMember(value: unknown): boolean {
  return typeof value === "object" && value !== null && "member" in value;
}

function sortedByText(items: readonly unknown[]): unknown[] {
  const texts = new Map(items.map((item) => [item, JSON.stringify(item)]));
  return items.toSorted((a, b) => (texts.get(a)! < texts.get(b)! ? -1 : 1));
}

/** 64 bits, as two numbers of 32. */
export function hashText(text: string): readonly [number, number] {
  const digest = sha256(utf8(text));
  const view = new DataView(digest.buffer, digest.byteOffset);
  return [view.getInt32(0), view.getInt32(4)];
}

/** Every way to rename members that leaves each group as it is. The first changes nothing. */
export function renamingsWithin(groups: readonly (readonly number[])[]): Renaming[] {
  let all: number[][] = [[0]];
  for (const group of groups) {
    const orders = permutations(group);
    all = all.flatMap((start) => orders.map((order) => [...start, ...order]));
  }
  return all;
}

function permutations(items: readonly number[]): number[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((first) =>
    permutations(items.filter((each) => each !== first)).map((rest) => [first, ...rest]),
  );
}
