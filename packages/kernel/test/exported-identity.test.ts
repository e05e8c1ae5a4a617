import { signerFromSeed, systemRandom, toHex, utf8 } from "@lattice/model";
import { describe, expect, it } from "vitest";
import { decodeIdentity, encodeIdentity, unsealSeed } from "../src/index.ts";
import type { SealedIdentity } from "../src/exported-identity.ts";
import { PASSPHRASE_COST, PASSPHRASE_COST_MAX } from "../src/limits.ts";

const seed = new Uint8Array(32).fill(7);
const key = toHex(signerFromSeed(seed).publicKey);
const clear = `lattice identity 1\npublic key: ${key}\nseed: ${"07".repeat(32)}\n`;
const passphrase = "correct horse";
/** As written by the first version: what was exported once must stay readable. */
const sealed = `lattice identity 1
public key: ${key}
scrypt: ln=4,r=8,p=1 salt=01010101010101010101010101010101
sealed seed: ddcecd2aacc1bef00fb6c2976860d61595946e5e668ab396e45aad9b59ea7c3489e49257e18c13e216e584dfee4fd08c
`;

function seal(words = passphrase, cost = 1): string {
  return encodeIdentity(seed, { passphrase: words, random: systemRandom, cost });
}

function decodeSealed(text: string): SealedIdentity {
  const identity = decodeIdentity(utf8(text));
  if ("seed" in identity) throw new Error("it is not sealed");
  return identity;
}

function open(text: string, words = passphrase): string {
  return toHex(unsealSeed(decodeSealed(text), words));
}

describe("an exported identity", () => {
  it("names itself and its public key, and holds the seed", () => {
    expect(encodeIdentity(seed)).toBe(clear);
    expect(decodeIdentity(utf8(clear))).toEqual({ publicKey: signerFromSeed(seed).publicKey, seed });
  });

  it("that is sealed names the public key alone, and opens with the passphrase", () => {
    const random = { bytes: (count: number) => new Uint8Array(count).fill(1) };
    expect(encodeIdentity(seed, { passphrase, random, cost: 4 })).toBe(sealed);
    expect(toHex(decodeSealed(sealed).publicKey)).toBe(key);
    expect(open(sealed)).toBe(toHex(seed));
    expect(sealed).not.toContain("07".repeat(8));
  });

  it("is sealed with another salt each time, at the full cost unless told otherwise", () => {
    const [one, other] = [seal(), seal()];
    expect(one).not.toBe(other);
    const usual = decodeSealed(encodeIdentity(seed, { passphrase, random: systemRandom }));
    expect(usual.cost).toBe(PASSPHRASE_COST);
    expect(toHex(unsealSeed(usual, passphrase))).toBe(toHex(seed));
  });

  it("opens whatever way the letters of the passphrase were written", () => {
    expect(open(seal("caf\u00e9"), "cafe\u0301")).toBe(toHex(seed));
  });

  it.each([clear, sealed])("may have lost its last line end, or have got those of another system", (text) => {
    for (const changed of [text.trimEnd(), `${text}\n`, text.replaceAll("\n", "\r\n"), `\ufeff${text}`]) {
      expect(decodeIdentity(utf8(changed))).toEqual(decodeIdentity(utf8(text)));
    }
  });
});

describe("what is refused", () => {
  it.each(["", "hello\n", "lattice identity\n", "a\nlattice identity 1\n", "\u0000".repeat(100)])(
    "as no exported identity: %j",
    (text) => {
      expect(() => decodeIdentity(utf8(text))).toThrow("it is no exported identity");
    },
  );

  it("one of another version", () => {
    const text = clear.replace("identity 1", "identity 2");
    expect(() => decodeIdentity(utf8(text))).toThrow("it is of version 2: update");
  });

  it.each([clear.slice(0, -10), clear.replace("seed: 0", "seed: x"), `${clear}more\n`, sealed.slice(0, -3)])(
    "one that is damaged: %j",
    (text) => {
      expect(() => decodeIdentity(utf8(text))).toThrow("it is damaged");
    },
  );

  it("a seed that is not that of the public key", () => {
    const text = clear.replace("seed: 07", "seed: 08");
    expect(() => decodeIdentity(utf8(text))).toThrow("the seed is not that of the public key");
  });

  it("another passphrase, and anything that was changed since it was sealed", () => {
    expect(() => open(sealed, "correct hors")).toThrow("the passphrase is wrong, or the file is damaged");
    const other = toHex(signerFromSeed(new Uint8Array(32)).publicKey);
    for (const [from, to] of [
      [key, other],
      ["ln=4", "ln=5"],
      ["salt=01", "salt=02"],
      [/[0-9a-f]\n$/, "!\n"],
    ] as const) {
      const changed = sealed
        .replace(from, to)
        .replace(/(.)!/, (_, digit: string) => (digit === "0" ? "11" : "00"));
      expect(changed).not.toBe(sealed);
      expect(() => open(changed)).toThrow("the passphrase is wrong, or the file is damaged");
    }
  });

  it("to set aside gigabytes on the word of a file", () => {
    for (const cost of [PASSPHRASE_COST_MAX + 1, 63, 99]) {
      const text = sealed.replace("ln=4", `ln=${cost}`);
      expect(() => decodeIdentity(utf8(text))).toThrow(`it takes too much memory to open (ln=${cost})`);
    }
    for (const changed of ["ln=0", "ln=04", "ln=100", "ln=4,r=80", "ln=-1"]) {
      const text = sealed.replace(changed.includes("r=") ? "ln=4,r=8" : "ln=4", changed);
      expect(() => decodeIdentity(utf8(text))).toThrow("it is damaged");
    }
  });
});
