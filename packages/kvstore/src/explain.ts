/** Why a key has the value that it has. */
import { readHeads, readRegisters, type Head } from "@lattice/kvtable";
import { idHash, toHex } from "@lattice/model";
import type { Contest, ContestResolution, QueryContext } from "@lattice/store";
import { checkKey } from "./check-request.ts";
import type { KvOp } from "./gen/lattice/kvstore/v1/kvstore.ts";
import { KEYS } from "./kv-op.ts";
import { formatBytes } from "./format-bytes.ts";
import { HEAD_COUNT_MAX } from "./limits.ts";

const RULE =
  "of several heads the one with the latest time counts; of equal times, the one of the greater author key";

/** Digits of a hash that are given at least; more where heads look alike so far. */
const SHORT_DIGITS = 8;

export function explain(context: QueryContext<KvOp>, key: Uint8Array): Contest {
  checkKey(key);
  const heads = readHeads(readRegisters(context.read, KEYS), key, HEAD_COUNT_MAX);
  return {
    heads: heads.map(({ id, value }) => ({ id, value })),
    rule: RULE,
    resolutions: heads.length < 2 ? [] : heads.map((head) => keep(key, head, heads)),
  };
}

function keep(key: Uint8Array, head: Head, heads: readonly Head[]): ContestResolution {
  const text = head.value === undefined ? "leave it removed" : `keep ${formatBytes(head.value)}`;
  return { method: "resolve", request: { key, head: shortHash(head, heads) }, text };
}

function shortHash(head: Head, heads: readonly Head[]): string {
  const own = toHex(idHash(head.id));
  const others = heads.filter((each) => each !== head).map(({ id }) => toHex(idHash(id)));
  let digits = SHORT_DIGITS;
  while (others.some((other) => other.startsWith(own.slice(0, digits)))) digits++;
  return own.slice(0, digits);
}
