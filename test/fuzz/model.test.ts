import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  decodeIntention,
  encodeIntention,
  fromHex,
  isIdentityKey,
  SET_SUM_BYTES,
  SetSum,
  sha256,
  signerFromSeed,
  signIntention,
  toHex,
  utf8,
  verifyIntention,
  type IntentionId,
  type PubKey,
} from "../../packages/model/src/index.ts";
import { fuzzRuns, mutateBytes } from "../../packages/testkit/src/mutate-bytes.ts";
import { World } from "../../packages/kernel/test/world.ts";
import { outcomeOf } from "./outcome.ts";

const world = new World();
const idOf = (n: number) => new Uint8Array(40).fill(n) as IntentionId;
const bodies = [
  world.first.body,
  world.forge(world.owner, world.first).body,
  world.forge(world.owner, world.first, { ops: new Uint8Array(0), condition: [1, 2, 3].map(idOf) }).body,
];

describe("bytes in the place of", () => {
  it("an intention are refused with a reason, or are exactly what the intention encodes to", () => {
    fc.assert(
      fc.property(mutateBytes(bodies), (bytes) => {
        const intention = outcomeOf([], () => decodeIntention(bytes))!;
        if (typeof intention === "string") return;
        expect(toHex(encodeIntention(intention).body)).toBe(toHex(bytes));
        expect(toHex(intention.hash)).toBe(toHex(sha256(bytes)));
      }),
      fuzzRuns(8000),
    );
  });

  it("a fingerprint are refused, or are exactly what it encodes to", () => {
    const sum = new SetSum();
    for (const body of bodies) sum.add(sha256(body));
    fc.assert(
      fc.property(mutateBytes([sum.encode(), new SetSum().encode()]), (bytes) => {
        const decoded = outcomeOf([], () => SetSum.decode(bytes));
        if (bytes.length !== SET_SUM_BYTES) expect(decoded).toBeUndefined();
        if (decoded !== undefined) expect(toHex(decoded.encode())).toBe(toHex(bytes));
      }),
      fuzzRuns(8000),
    );
  });

  it("a key or a signature are taken for one or not, and nothing is thrown", () => {
    const signer = signerFromSeed(sha256(utf8("seed")));
    const hash = sha256(utf8("body"));
    const good = signIntention(signer, hash);
    fc.assert(
      fc.property(mutateBytes([signer.publicKey]), mutateBytes([good]), (key, signature) => {
        const isKey = outcomeOf([], () => isIdentityKey(key));
        const isGood = outcomeOf([], () => verifyIntention(key as PubKey, hash, signature));
        const isSame = toHex(key) === toHex(signer.publicKey) && toHex(signature) === toHex(good);
        if (isSame) expect([isKey, isGood]).toEqual([true, true]);
        else if (isGood === true) expect(isKey).toBe(false);
      }),
      fuzzRuns(500),
    );
  });

  it("hex digits are refused, or are the digits of what they decode to", () => {
    fc.assert(
      fc.property(mutateBytes([utf8("00ff"), utf8("ABCDEF0123")]), (bytes) => {
        const text = new TextDecoder().decode(bytes);
        const decoded = outcomeOf([], () => fromHex(text));
        if (decoded !== undefined) expect(toHex(decoded)).toBe(text.toLowerCase());
      }),
      fuzzRuns(3000),
    );
  });
});
