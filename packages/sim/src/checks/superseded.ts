/**
 * Whether every write of a key superseded all heads of that key that its author had seen, worked out naively
 * from the log: an intention's causal past is what its author had seen (weaver.md §2). Of who is not trusted a write may be
 * void, so nobody has to supersede it; but it may have superseded others.
 */
import { bytesKey, parentsOf, toHex, type Intention, type PubKey } from "@lattice/model";
import { kvstoreV1 } from "@lattice/kvstore";
import { decodeOps } from "@lattice/kernel";

interface KeyWrite {
  /** Place in the log. */
  readonly at: number;
  readonly id: string;
  readonly supersedes: ReadonlySet<string>;
  readonly isTrusted: boolean;
}

/** Of a whole log, in its order: what is wrong; empty where nothing is. */
export function headLeft(log: readonly Intention[], isTrusted: (author: PubKey) => boolean): string {
  const placeById = new Map(log.map(({ id }, at) => [bytesKey(id), at]));
  /** Of each place, as bits: the places in its causal past. */
  const pasts: bigint[] = [];
  const writesByKey = new Map<string, KeyWrite[]>();
  for (const [at, intention] of log.entries()) {
    let past = 0n;
    for (const parent of parentsOf(intention)) {
      const place = placeById.get(bytesKey(parent))!;
      past |= pasts[place]! | (1n << BigInt(place));
    }
    pasts.push(past);
    for (const [key, supersedes] of writesOf(intention)) {
      const id = bytesKey(intention.id);
      const write = { at, id, supersedes, isTrusted: isTrusted(intention.author) };
      const before = writesByKey.get(key) ?? [];
      writesByKey.set(key, [...before, write]);
      if (!write.isTrusted) continue;
      const seen = before.filter((each) => (past >> BigInt(each.at)) & 1n);
      const left = seen.find(
        (each) => each.isTrusted && ![write, ...seen].some((by) => by.supersedes.has(each.id)),
      );
      if (left === undefined) continue;
      const [name, other] = [intention, log[left.at]!].map(({ hash }) => toHex(hash).slice(0, 8));
      return `${name} writes a key and leaves ${other}, which its author had seen, in conflict with it`;
    }
  }
  return "";
}

/** By key, what its write supersedes; of several writes of one key the last. */
function writesOf(intention: Intention): Map<string, ReadonlySet<string>> {
  const ops = decodeOps(intention);
  if (ops?.op.oneofKind !== "app") return new Map();
  try {
    const { writes } = kvstoreV1.KvOp.fromBinary(ops.op.app.payload);
    return new Map(writes.map(({ key, supersedes }) => [bytesKey(key), new Set(supersedes.map(bytesKey))]));
  } catch {
    return new Map();
  }
}
