import { toHex, utf8, type IntentionId } from "@lattice/model";
import { checkConvergence, type MemoryReplica } from "@lattice/store/testing";
import { readHeads, readRegisters } from "@lattice/kvtable";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { KEY_BYTES_MAX, kvstore, VALUE_BYTES_MAX, type KvStoreClient } from "@lattice/kvstore";
import { replica } from "./replica.ts";

type Random = (bound: number) => number;

/** What an honest author writes, and what one does who names whatever there is. */
function payload(random: Random, on: MemoryReplica<KvStoreClient>, world: readonly IntentionId[]): object {
  const writes = [...Array(1 + random(3)).keys()].map(() => {
    const key = utf8("abc"[random(3)]!);
    const heads = readHeads(readRegisters(on.state, "keys"), key, 1024).map((head) => head.id);
    const named = random(3) > 0 ? heads : [...Array(random(4)).keys()].map(() => world[random(world.length)]);
    const supersedes = named.filter((id) => id !== undefined);
    return random(4) === 0 ? { key, supersedes } : { key, value: utf8(`${random(1000)}`), supersedes };
  });
  return random(10) === 0 ? voidPayload(random) : { writes };
}

function voidPayload(random: Random): object {
  const key = utf8("a");
  const payloads = [
    { writes: [] },
    { writes: [{ key: new Uint8Array() }] },
    { writes: [{ key: new Uint8Array(KEY_BYTES_MAX + 1) }] },
    { writes: [{ key, value: new Uint8Array(VALUE_BYTES_MAX + 1) }] },
    { writes: [{ key, supersedes: [new Uint8Array(41)] }] },
    {
      writes: [
        { key, value: key },
        { key: utf8("b"), supersedes: [new Uint8Array(40).fill(0xff)] },
      ],
    },
  ];
  return payloads[random(payloads.length)]!;
}

describe("core:kvstore", () => {
  it("gives one state for one set of ops, hostile ones among them, in every causal order", () => {
    const shape = fc.record({
      seed: fc.nat(),
      authorCount: fc.integer({ min: 2, max: 5 }),
      opCount: fc.integer({ min: 1, max: 40 }),
    });
    fc.assert(
      fc.property(shape, (options) => {
        checkConvergence(kvstore, { ...options, orderCount: 3, payload });
      }),
      { numRuns: 150 },
    );
  });

  it("keeps nothing of an op that it refuses, and says why", () => {
    for (let pick = 0; pick < 6; pick++) {
      const alice = replica("alice");
      const before = alice.state.dump();
      const { op } = alice.submit(voidPayload(() => pick));
      expect(alice.state.dump()).toBe(before);
      expect(alice.refused.get(toHex(op.id))).toMatch(/^(it|a) /);
    }
  });
});
