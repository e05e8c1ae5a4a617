import { concatBytes, LatticeError, sha256, signerFromSeed, utf8, type Hash } from "@lattice/model";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  decodeInviteToken,
  encodeInviteToken,
  EXPIRES_MS_MAX,
  Role,
  TOKEN_ADDRESSES_MAX,
  TOKEN_CHARS_MAX,
  type InviteToken,
} from "../src/index.ts";

const inviter = signerFromSeed(sha256(utf8("inviter"))).publicKey;
const token: InviteToken = {
  genesisHash: sha256(utf8("genesis")),
  inviter,
  addresses: ["/ip4/192.168.0.7/tcp/4001", "/dns4/example.org/tcp/4001"],
  secret: new Uint8Array(32).fill(9),
  role: Role.WRITER,
  expiresMs: Date.UTC(2026, 0, 8),
};
const text = encodeInviteToken(token);

function refused(other: string): void {
  let code: string | undefined;
  try {
    decodeInviteToken(other);
  } catch (error) {
    expect(error).toBeInstanceOf(LatticeError);
    code = (error as LatticeError).code;
  }
  expect(code, other).toBe("invite-invalid");
}

describe("an invite token", () => {
  it("decodes to what was encoded", () => {
    const any = fc.record({
      genesisHash: fc.uint8Array({
        minLength: 32,
        maxLength: 32,
      }) as fc.Arbitrary<Uint8Array> as fc.Arbitrary<Hash>,
      inviter: fc.constant(inviter),
      addresses: fc.array(fc.string({ maxLength: 30 }), { maxLength: TOKEN_ADDRESSES_MAX }),
      secret: fc.uint8Array({ minLength: 32, maxLength: 32 }),
      role: fc.constantFrom(Role.READER, Role.WRITER, Role.ADMIN, Role.OWNER),
      expiresMs: fc.nat({ max: EXPIRES_MS_MAX }),
    });
    fc.assert(
      fc.property(any, (each) => {
        expect(decodeInviteToken(encodeInviteToken(each))).toEqual(each);
      }),
    );
  });

  it("may be written in capitals, and with blanks around", () => {
    expect(decodeInviteToken(` ${text.toUpperCase()}\n`)).toEqual(token);
  });

  it("with any one character changed, left out, doubled or swapped with the next is refused", () => {
    const alphabet = "abcdefghijklmnopqrstuvwxyz0123456789-_ =é";
    for (let at = 0; at < text.length; at++) {
      for (const other of alphabet) {
        if (other === text[at]) continue;
        // A blank at either end is no part of it.
        const changed = text.slice(0, at) + other + text.slice(at + 1);
        if (changed.trim().length === text.length || at > 0) refused(changed);
      }
      refused(text.slice(0, at) + text.slice(at + 1));
      refused(text.slice(0, at) + text[at] + text.slice(at));
      if (text[at] !== text[at + 1] && at + 1 < text.length) {
        refused(text.slice(0, at) + text[at + 1] + text[at] + text.slice(at + 2));
      }
    }
    expect(decodeInviteToken(text)).toEqual(token);
  });

  it.each(["", "lattice1", "lattice", "lattice1a", "hello", `lattice1${"a".repeat(TOKEN_CHARS_MAX)}`])(
    "is not %s",
    (other) => {
      expect(() => decodeInviteToken(other)).toThrow(LatticeError);
      refused(other);
    },
  );

  it("is refused whatever is in it, if its fields are not those of one; and nothing else is thrown", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (message) => {
        const bytes = concatBytes(message, sha256(message).subarray(0, 4));
        refused(`lattice1${base32(bytes)}`);
      }),
    );
    for (const bad of [
      { ...token, secret: new Uint8Array(31) },
      { ...token, inviter: new Uint8Array(32) as typeof inviter },
      { ...token, inviter: new Uint8Array(31) as typeof inviter },
      { ...token, genesisHash: new Uint8Array(33) as Hash },
      { ...token, role: Role.UNSPECIFIED },
      { ...token, role: 5 as Role },
      { ...token, expiresMs: EXPIRES_MS_MAX + 1 },
    ]) {
      refused(encodeInviteToken(bad));
    }
  });

  it("keeps as many addresses as are read", () => {
    const many = Array.from({ length: TOKEN_ADDRESSES_MAX + 3 }, (_, n) => `/ip4/10.0.0.${n}/tcp/4001`);
    expect(decodeInviteToken(encodeInviteToken({ ...token, addresses: many })).addresses).toEqual(
      many.slice(0, TOKEN_ADDRESSES_MAX),
    );
  });

  it("is short enough to be read, whatever addresses it was given", () => {
    const long = Array.from(
      { length: TOKEN_ADDRESSES_MAX },
      (_, n) => `/dns4/${"a".repeat(240)}${n}/tcp/4001`,
    );
    const encoded = encodeInviteToken({ ...token, addresses: long });
    expect(encoded.length).toBeLessThanOrEqual(TOKEN_CHARS_MAX);
    expect(decodeInviteToken(encoded).addresses.length).toBeGreaterThan(0);
  });
});

/** RFC 4648, the naive way. */
function base32(bytes: Uint8Array): string {
  let bits = [...bytes].map((byte) => byte.toString(2).padStart(8, "0")).join("");
  bits = bits.padEnd(Math.ceil(bits.length / 5) * 5, "0");
  return (bits.match(/.{5}/g) ?? [])
    .map((five) => "abcdefghijklmnopqrstuvwxyz234567"[Number.parseInt(five, 2)])
    .join("");
}
