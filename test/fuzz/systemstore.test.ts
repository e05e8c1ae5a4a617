import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { concatBytes, isIdentityKey, sha256, signerFromSeed, utf8 } from "../../packages/model/src/index.ts";
import { sync } from "../../packages/proto/src/index.ts";
import {
  decodeInviteToken,
  encodeInviteToken,
  Role,
  roleName,
  type InviteToken,
} from "../../packages/systemstore/src/index.ts";
import { fuzzRuns, mutateBytes } from "../../packages/testkit/src/mutate-bytes.ts";
import { base32 } from "../vectors/base32.ts";
import { outcomeOf } from "./outcome.ts";

const token: InviteToken = {
  genesisHash: sha256(utf8("genesis")),
  inviter: signerFromSeed(sha256(utf8("inviter"))).publicKey,
  addresses: ["/ip4/192.168.0.7/tcp/4001", "/dns4/example.org/udp/4001/quic-v1"],
  secret: new Uint8Array(32).fill(9),
  role: Role.WRITER,
  expiresMs: Date.UTC(2026, 0, 8),
};
const messages = [token, { ...token, addresses: [] }, { ...token, expiresMs: 0 }].map((each) =>
  sync.InviteToken.toBinary({ ...each, addresses: [...each.addresses], expiresMs: BigInt(each.expiresMs) }),
);

describe("an invite token", () => {
  it("of any text is refused or is one that can be shown, dated and written again", () => {
    const written = mutateBytes([utf8(encodeInviteToken(token)), utf8("lattice1"), utf8("LATTICE1")]);
    fc.assert(
      fc.property(written, (bytes) => check(new TextDecoder().decode(bytes))),
      fuzzRuns(4000),
    );
  });

  it("of any message under a checksum that fits is refused or is one that can be shown, dated and written again", () => {
    fc.assert(
      fc.property(mutateBytes(messages, { bytesMax: 3000 }), (message) =>
        check(`lattice1${base32(concatBytes(message, sha256(message).subarray(0, 4)))}`),
      ),
      fuzzRuns(2500),
    );
  });
});

function check(text: string): void {
  const decoded = outcomeOf(["invite-invalid"], () => decodeInviteToken(text));
  if (decoded === undefined) return;
  expect(isIdentityKey(decoded.inviter)).toBe(true);
  expect(roleName(decoded.role)).not.toBe("");
  expect([decoded.genesisHash.length, decoded.secret.length]).toEqual([32, 32]);
  expect(new Date(decoded.expiresMs).toISOString()).toContain("T");
  expect(decodeInviteToken(encodeInviteToken(decoded))).toEqual(decoded);
}
