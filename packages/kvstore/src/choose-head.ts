/** Heads as a caller names them: by the first hex digits of their hashes. */
import type { Head } from "@lattice/kvtable";
import { idHash, LatticeError, toHex } from "@lattice/model";
import { formatBytes } from "./format-bytes.ts";

const SHORT_DIGITS = 12;

/** The word for "the key must not exist". */
const NONE = "none";

export interface HeadsOfKey {
  readonly key: Uint8Array;
  /** All of them, the winner first. */
  readonly heads: readonly Head[];
}

/** The head whose hash starts with these digits. Throws `not-found` or `ambiguous`. */
export function chooseHead(of: HeadsOfKey, prefix: string): Head {
  const [head, second] = matching(of.heads, prefix);
  if (head === undefined) {
    throw new LatticeError(
      "not-found",
      `${formatBytes(of.key)} has no head ${prefix}; it has ${formatHeads(of.heads)}`,
    );
  }
  if (second !== undefined) throw ambiguous(of, prefix);
  return head;
}

/**
 * Throws `conflict` unless the key's heads are exactly those named, each by the first digits of its hash. No name
 * at all is no condition; `none` stands for a key that does not exist, so that none of its heads has a value.
 */
export function checkCondition(of: HeadsOfKey, names: readonly string[]): void {
  if (names.length === 0) return;
  if (names.includes(NONE)) {
    if (names.length > 1) throw new LatticeError("invalid-argument", `"${NONE}" stands alone in a condition`);
    if (of.heads.some((head) => head.value !== undefined)) throw conflict(of);
    return;
  }
  const named = new Set<Head>();
  for (const name of names) {
    const [head, second] = matching(of.heads, name);
    if (head === undefined) throw conflict(of);
    if (second !== undefined) throw ambiguous(of, name);
    named.add(head);
  }
  if (named.size !== of.heads.length) throw conflict(of);
}

function matching(heads: readonly Head[], prefix: string): readonly Head[] {
  if (!/^[0-9a-fA-F]{1,64}$/.test(prefix)) {
    throw new LatticeError("invalid-argument", `"${prefix}" is not a hash: give its first hex digits`);
  }
  const digits = prefix.toLowerCase();
  return heads.filter((head) => toHex(idHash(head.id)).startsWith(digits));
}

function conflict(of: HeadsOfKey): LatticeError {
  const hashes = of.heads.map((head) => toHex(idHash(head.id))).join(" ");
  return new LatticeError(
    "conflict",
    `nothing written: ${formatBytes(of.key)} has other heads than expected: ${formatHeads(of.heads)}`,
    { details: { heads: hashes } },
  );
}

function ambiguous(of: HeadsOfKey, prefix: string): LatticeError {
  const several = formatHeads(matching(of.heads, prefix));
  return new LatticeError(
    "ambiguous",
    `several heads of ${formatBytes(of.key)} start with ${prefix}: ${several}`,
  );
}

function formatHeads(heads: readonly Head[]): string {
  if (heads.length === 0) return "none";
  return heads.map((head) => toHex(idHash(head.id)).slice(0, SHORT_DIGITS)).join(", ");
}
