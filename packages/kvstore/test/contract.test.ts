import { readHeads, readRegisters } from "@lattice/kvtable";
import { idHash, toHex, utf8, type IntentionId } from "@lattice/model";
import { describeStore, PHANTOM_IDS } from "@lattice/testkit";
import fc from "fast-check";
import { KEY_BYTES_MAX, kvstore, VALUE_BYTES_MAX, type KvStoreClient } from "@lattice/kvstore";
import type { KvReplica } from "./replica.ts";

const key = fc.constantFrom("a", "b", "c").map(utf8);

function headsOf(on: KvReplica, at: Uint8Array): readonly IntentionId[] {
  return readHeads(readRegisters(on.state, "keys"), at, 1024).map((head) => head.id);
}

/** What an honest author names, who has seen all heads, and what one names who takes whatever there is. */
const named = fc.option(fc.array(fc.nat(), { maxLength: 4 }), { nil: undefined, freq: 3 });
const write = fc.record({ key, value: fc.option(fc.nat(99), { nil: undefined, freq: 3 }), named });

const writes = fc
  .array(write, { minLength: 1, maxLength: 3 })
  .map((all) => (on: KvReplica, world: readonly IntentionId[]) => ({
    writes: all.map((each) => {
      const pool = [...world, ...PHANTOM_IDS];
      const picked = each.named?.map((pick) => pool[pick % pool.length]!);
      const value = each.value === undefined ? {} : { value: utf8(`${each.value}`) };
      return { key: each.key, ...value, supersedes: picked ?? headsOf(on, each.key) };
    }),
  }));

const outOfBounds = fc.constantFrom(
  { writes: [] },
  { writes: [{ key: new Uint8Array(KEY_BYTES_MAX + 1) }] },
  { writes: [{ key: utf8("a"), value: new Uint8Array(VALUE_BYTES_MAX + 1) }] },
  {
    writes: [
      { key: utf8("a"), value: utf8("1") },
      { key: utf8("b"), supersedes: [new Uint8Array(40).fill(0xff)] },
    ],
  },
);

const resolution = fc.record({ key, head: fc.boolean() }).map((request) => (on: KvReplica) => {
  const [winner] = headsOf(on, request.key);
  if (winner === undefined || !request.head) return { key: request.key, value: utf8("agreed") };
  return { key: request.key, head: toHex(idHash(winner)) };
});

describeStore<KvStoreClient>(kvstore, {
  ops: fc.oneof({ weight: 9, arbitrary: writes }, { weight: 1, arbitrary: outOfBounds }),
  requests: { resolve: resolution },
});
