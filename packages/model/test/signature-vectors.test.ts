/** `vectors/signatures.json` and `vectors/signatures-native.json`; vectors/README.md says what is in them. */
import { createPublicKey, verify } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { verify as nobleVerify } from "@noble/ed25519";
import { describe, expect, it } from "vitest";
import { fromHex, isIdentityKey, toHex, verifySignature, type PubKey } from "../src/index.ts";
import { edgeCases, edgeKeys } from "./edge-signatures.ts";

interface Vectors {
  readonly cases: readonly {
    readonly name: string;
    readonly key: string;
    readonly message: string;
    readonly signature: string;
    readonly zip215: boolean;
    readonly strict: boolean;
  }[];
  readonly identities: readonly {
    readonly name: string;
    readonly key: string;
    readonly isIdentity: boolean;
  }[];
}

const file = fileURLToPath(new URL("../../../vectors/signatures.json", import.meta.url));
const nativeFile = fileURLToPath(new URL("../../../vectors/signatures-native.json", import.meta.url));
const vectors = JSON.parse(readFileSync(file, "utf8")) as Vectors;
const acceptedByMajor = JSON.parse(readFileSync(nativeFile, "utf8")) as Record<string, string[]>;
const major = process.versions.node.split(".")[0]!;

const SPKI_HEAD = fromHex("302a300506032b6570032100")!;

type Judge = (key: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean;

const native: Judge = (key, message, signature) => {
  const der = Buffer.concat([SPKI_HEAD, key]);
  return verify(null, message, createPublicKey({ key: der, format: "der", type: "spki" }), signature);
};
const noble =
  (zip215: boolean): Judge =>
  (key, message, signature) =>
    nobleVerify(signature, message, key, { zip215 });

/** What throws says no. */
function judge(by: Judge, each: Vectors["cases"][number]): boolean {
  try {
    return by(fromHex(each.key)!, fromHex(each.message)!, fromHex(each.signature)!);
  } catch {
    return false;
  }
}

describe("vectors/signatures.json", () => {
  it("is what its generator gives", async () => {
    const cases = edgeCases().map(({ name, ...bytes }) => {
      const [key, message, signature] = [bytes.key, bytes.message, bytes.signature].map(toHex) as [
        string,
        string,
        string,
      ];
      const hex = { name, key, message, signature, zip215: false, strict: false };
      return { ...hex, zip215: judge(noble(true), hex), strict: judge(noble(false), hex) };
    });
    const identities = edgeKeys().map(({ name, key }) => ({
      name,
      key: toHex(key),
      isIdentity: isIdentityKey(key),
    }));
    await expect(`${JSON.stringify({ cases, identities }, null, 2)}\n`).toMatchFileSnapshot(file);
  });

  it("has each name once", () => {
    const names = vectors.cases.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });

  it.each([
    ["all of ZIP 215's own", /^small order \d+ as key, \d+ as R, S = 0$/, 196, true],
    ["what is valid but for its torsion", /^torsion \d in the key, \d in R$/, 24, true],
    ["no other scalar with these points", /^torsion \d in the key, \d in R, S \+ 1$/, 24, false],
    ["a scalar below L", /^S \+ 0 L$/, 1, true],
    ["no scalar from L on", /^S \+ [1-9]\d* L$|S = L( \+ 1)?$/, 6, false],
    ["nothing that is no point, or has another length", /no point|bytes$/, 8, false],
    ["what RFC 8032 has", /^RFC 8032/, 3, true],
  ])("accepts %s", (_, pattern, count, accepted) => {
    const verdicts = vectors.cases.filter(({ name }) => pattern.test(name)).map(({ zip215 }) => zip215);
    expect(verdicts).toEqual(Array.from({ length: count }, () => accepted));
  });

  it("is what this implementation says, signature for signature", () => {
    for (const each of vectors.cases) {
      const said = judge(
        (key, message, signature) => verifySignature(key as PubKey, message, signature),
        each,
      );
      expect(said, each.name).toBe(each.zip215);
    }
  });

  it("is what it says of every key", () => {
    for (const { name, key, isIdentity } of vectors.identities)
      expect(isIdentityKey(fromHex(key)!), name).toBe(isIdentity);
  });

  it("holds no signature that strict rules accept and ZIP 215 refuses", () => {
    for (const { name, zip215, strict } of vectors.cases) expect(strict && !zip215, name).toBe(false);
  });
});

describe("vectors/signatures-native.json", () => {
  // Informative: what is not recorded for the Node that runs says nothing.
  it.skipIf(!(major in acceptedByMajor))(`is what the library of Node ${major} accepts`, async () => {
    const accepted = vectors.cases.filter((each) => judge(native, each)).map(({ name }) => name);
    const all = { ...acceptedByMajor, [major]: accepted };
    await expect(`${JSON.stringify(all, null, 2)}\n`).toMatchFileSnapshot(nativeFile);
  });

  it("holds no signature that ZIP 215 refuses, so a yes is final", () => {
    const refused = new Set(vectors.cases.filter(({ zip215 }) => !zip215).map(({ name }) => name));
    for (const names of Object.values(acceptedByMajor))
      expect(names.filter((name) => refused.has(name))).toEqual([]);
  });
});
