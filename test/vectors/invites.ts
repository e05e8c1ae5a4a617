/** `vectors/invites.json`: tokens and what is in them, and texts that are none. */
import { concatBytes, sha256, signerFromSeed, utf8 } from "../../packages/model/src/index.ts";
import { sync } from "../../packages/proto/src/index.ts";
import {
  encodeInviteToken,
  EXPIRES_MS_MAX,
  Role,
  TOKEN_CHARS_MAX,
  type InviteToken,
} from "../../packages/systemstore/src/index.ts";
import { base32 } from "./base32.ts";
import { toJson, type Json } from "./notation.ts";

export interface InviteVectors {
  readonly valid: readonly { readonly name: string; readonly fields: Json; readonly text: string }[];
  readonly invalid: readonly { readonly name: string; readonly code: string; readonly text: string }[];
}

const token: InviteToken = {
  genesisHash: sha256(utf8("genesis")),
  inviter: signerFromSeed(sha256(utf8("inviter"))).publicKey,
  addresses: ["/ip4/192.168.0.7/tcp/4001", "/dns4/example.org/udp/4001/quic-v1"],
  secret: sha256(utf8("secret")),
  role: Role.WRITER,
  expiresMs: 1_767_830_400_000,
};
const text = encodeInviteToken(token);
const CHECKSUM_BYTES = 4;

export function invites(): InviteVectors {
  const valid: readonly (readonly [name: string, token: InviteToken, text?: string])[] = [
    ["with two addresses", token, text],
    ["without addresses", { ...token, addresses: [] }],
    ["for an owner, at the last time there is", { ...token, role: Role.OWNER, expiresMs: EXPIRES_MS_MAX }],
    ["in capitals", token, text.toUpperCase()],
    ["with blanks around", token, ` ${text}\n`],
  ];
  return {
    valid: valid.map(([name, of, written]) => ({
      name,
      fields: toJson(of, ["expiresMs"]),
      text: written ?? encodeInviteToken(of),
    })),
    invalid: invalid().map(([name, written]) => ({ name, code: "invite-invalid", text: written })),
  };
}

function invalid(): (readonly [name: string, text: string])[] {
  const message = messageOf({});
  const checksum = sha256(message).subarray(0, CHECKSUM_BYTES);
  return [
    ["nothing", ""],
    ["no more than the head", "lattice1"],
    ["another head", `lattice2${text.slice(8)}`],
    ["a character changed", `${text.slice(0, 40)}${text[40] === "a" ? "b" : "a"}${text.slice(41)}`],
    ["the last character missing", text.slice(0, -1)],
    ["two characters swapped", text.slice(0, 20) + text[21]! + text[20]! + text.slice(22)],
    ["a character that base32 has not", `${text.slice(0, 40)}1${text.slice(41)}`],
    ["a character more", `${text}a`],
    ["padding", `${text}=`],
    [
      "another checksum",
      tokenOf(
        message,
        checksum.map((byte) => byte ^ 1),
      ),
    ],
    ["no checksum", `lattice1${base32(message)}`],
    ["a message that breaks off", tokenOf(message.subarray(0, -1))],
    ["bytes that are no message", tokenOf(utf8("no message"))],
    ["a secret of 31 bytes", tokenOf(messageOf({ secret: new Uint8Array(31) }))],
    ["a genesis hash of 33 bytes", tokenOf(messageOf({ genesisHash: new Uint8Array(33) }))],
    ["an inviter that is no key", tokenOf(messageOf({ inviter: new Uint8Array(32) }))],
    ["no role", tokenOf(messageOf({ role: 0 }))],
    ["a role that there is not", tokenOf(messageOf({ role: 5 }))],
    ["a time that is none", tokenOf(messageOf({ expiresMs: (1n << 64n) - 1n }))],
    ["17 addresses", tokenOf(messageOf({ addresses: Array.from({ length: 17 }, () => "/ip4/10.0.0.1") }))],
    ["too long", `lattice1${"a".repeat(TOKEN_CHARS_MAX)}`],
  ];
}

function messageOf(of: Partial<sync.InviteToken>): Uint8Array {
  const { genesisHash, inviter, secret, role } = token;
  const expiresMs = BigInt(token.expiresMs);
  return sync.InviteToken.toBinary({ genesisHash, inviter, addresses: [], secret, role, expiresMs, ...of });
}

function tokenOf(message: Uint8Array, checksum = sha256(message).subarray(0, CHECKSUM_BYTES)): string {
  return `lattice1${base32(concatBytes(message, checksum))}`;
}
