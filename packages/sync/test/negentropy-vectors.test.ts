/** The bytes of version 1: what other implementations computed, and messages of ours. */
import { assert, fromHex, idHash, isHash, makeId, toHex, type IntentionId } from "@lattice/model";
import { describe, expect, it } from "vitest";
import { fingerprintOf } from "../src/negentropy/fingerprint.ts";
import { Initiator, respond, SortedItems } from "../src/negentropy/index.ts";
import { readRanges } from "../src/negentropy/message-reader.ts";
import { encodeVarint } from "../src/negentropy/varint.ts";
import { exchange, FRAME_BYTES, hashOf } from "./negentropy-exchange.ts";
import vectors from "./negentropy-vectors/negentropy-v1.json" with { type: "json" };

const options = { frameBytesMax: FRAME_BYTES };

function itemsOf(items: readonly (readonly (string | number)[])[]): SortedItems {
  return new SortedItems(
    items.map(([timestamp, hex]) => {
      const hash = fromHex(String(hex));
      assert(hash !== undefined && isHash(hash), "a vector's hash is one");
      return makeId(BigInt(timestamp!), hash);
    }),
  );
}

describe("vectors of other implementations", () => {
  it.each(vectors.fingerprints)("fingerprint $fingerprint ($origin)", ({ items, fingerprint }) => {
    expect(toHex(fingerprintOf(itemsOf(items).sum(undefined, undefined)))).toBe(fingerprint);
  });

  it.each(vectors.starts)("first message of $items.length items ($origin)", ({ items, message }) => {
    expect(toHex(new Initiator(itemsOf(items), options).start())).toBe(message);
  });

  it.each(vectors.answers)("answer to a list ($origin)", ({ initiator, responder, answer, have, need }) => {
    const asking = new Initiator(itemsOf(initiator), options);
    const answered = respond(itemsOf(responder), asking.start(), options);
    expect(toHex(answered)).toBe(answer);
    const found = asking.receive(answered);
    expect(found.reply).toBeUndefined();
    expect(found.have.map((id) => toHex(idHash(id)))).toEqual(have);
    expect(found.need.map(toHex)).toEqual(need);
  });
});

describe("varints", () => {
  it.each([
    [0n, "00"],
    [127n, "7f"],
    [128n, "8100"],
    [300n, "822c"],
    [(1n << 64n) - 1n, "81ffffffffffffffff7f"],
  ])("%s is %s", (value, hex) => {
    expect(toHex(encodeVarint(value))).toBe(hex);
  });
});

describe("messages of ours", () => {
  /** Four at each time, so that most bounds carry a prefix. */
  const ids: IntentionId[] = Array.from({ length: 40 }, (_, index) =>
    makeId(1000n + BigInt(index >> 2), hashOf(index)),
  );
  const mine = ids.filter((_, index) => index !== 7);
  const theirs = ids.filter((_, index) => index !== 30);

  it("of one exchange", () => {
    const { messages, have, need } = exchange(new SortedItems(mine), new SortedItems(theirs));
    expect(have).toEqual([ids[30]]);
    expect(need).toEqual([hashOf(7)]);
    expect(messages.map(toHex).join("\n")).toMatchInlineSnapshot(`
      "61876901d5014bf6be1d6a3d05172987b0a6eeaf69d102018001f5d2d33a5cd36c74d0cca386a5af18a002015901a9c7014812d4a499e1e0bb2b1cbe3af7020176018077f226ef34ddf4675fd3dff8c4f8be0200015f55e9f0e354d66343ddab19c21942550101a30175daf3c8601e090d412ab11f245c91f10201ae017476ca632972b88115bdd07dd6a7229a020001cc9422769d7b719762f3fbd2a54731f601015601112426a3958e962cf117a4ae20af3fcc020001edd074ea60e19b70162881ef2f485017010148015c70dd552560a9b13dce17ad0017be7002000141f679ecffdb691a9f559ad0826b3f4a0101700176c47a92ceef06b5b6d7cefeac7a87e8020001180adcdd9ab5e5a6d47b337f4ceea3930101aa01d4bed7e429857c9b74312924d819c3200000012b38f5020b50f6287b2286750e557ee5
      61876a01800002015902048005f02d43fa06e7d0585fb64c961d57e318b27a145c857bcd3a6bdb413ff7fca3eb8db89fc5123ccfd49585059f292bc40a1c0d550b860f24f84efb4760fbf20b5000b73a53f0916c93c68f4b9b6ba8af5a10978634ae4f2237e1f3fbe324fa4c0e071832d527694adea57b50dd7b2164c2a47c02940dcf26fa07c44d6d222a0601480002000201539b4c4c41a13f1f0452f5a35a6743c4212946f7f32ded28a7d9fdb17672cb54"
    `);
  });

  it("that end where the frame does", () => {
    const many = Array.from({ length: 200 }, (_, index) => makeId(1000n + BigInt(index >> 2), hashOf(index)));
    const answer = respond(new SortedItems(many), fromHex("6100000200")!, { frameBytesMax: 4096 });
    const ranges = [...readRanges(answer)];
    expect(ranges.map(({ mode }) => mode)).toEqual(["list", "fingerprint"]);
    const hex = toHex(answer);
    expect([answer.length, hex.slice(0, 20), hex.slice(-38)].join(" ")).toMatchInlineSnapshot(
      `"3898 61880701850279af5570 0000012d9e38e279e89bdd315e7f39a4608d37"`,
    );
  });
});
