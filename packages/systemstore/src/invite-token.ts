/**
 * The token of an invite: `lattice1`, then base32 (RFC 4648, lower case, no padding) of the message and the first
 * four bytes of its SHA-256. A slip of the pen is told apart from a wrong token.
 */
import {
  equalBytes,
  isHash,
  isIdentityKey,
  LatticeError,
  sha256,
  concatBytes,
  type Hash,
  type PubKey,
} from "@lattice/model";
import { sync } from "@lattice/proto";
import { EXPIRES_MS_MAX, SECRET_BYTES, TOKEN_ADDRESSES_MAX, TOKEN_CHARS_MAX } from "./limits.ts";
import { roleName, type Role } from "./roles.ts";

const HEAD = "lattice1";
const CHECKSUM_BYTES = 4;
const ALPHABET = "abcdefghijklmnopqrstuvwxyz234567";

export interface InviteToken {
  readonly genesisHash: Hash;
  readonly inviter: PubKey;
  readonly addresses: readonly string[];
  readonly secret: Uint8Array;
  readonly role: Role;
  readonly expiresMs: number;
}

/** With as many of the addresses as fit. */
export function encodeInviteToken(token: InviteToken): string {
  for (let count = Math.min(token.addresses.length, TOKEN_ADDRESSES_MAX); ; count--) {
    const text = encodeToken(token, token.addresses.slice(0, count));
    if (count === 0 || text.length <= TOKEN_CHARS_MAX) return text;
  }
}

function encodeToken(token: InviteToken, addresses: string[]): string {
  const message = sync.InviteToken.toBinary({
    genesisHash: token.genesisHash,
    inviter: token.inviter,
    addresses,
    secret: token.secret,
    role: token.role,
    expiresMs: BigInt(token.expiresMs),
  });
  return HEAD + encodeBase32(concatBytes(message, sha256(message).subarray(0, CHECKSUM_BYTES)));
}

/** Throws `invite-invalid` for anything that is not a whole, undamaged token. */
export function decodeInviteToken(text: string): InviteToken {
  const trimmed = text.trim().toLowerCase();
  if (!trimmed.startsWith(HEAD) || trimmed.length > TOKEN_CHARS_MAX) {
    throw new LatticeError("invite-invalid", `this is no invite: a token starts with "${HEAD}"`);
  }
  const bytes = decodeBase32(trimmed.slice(HEAD.length));
  const damaged = new LatticeError(
    "invite-invalid",
    "the token is damaged: copy it whole, or ask for a new one",
  );
  if (bytes === undefined || bytes.length <= CHECKSUM_BYTES) throw damaged;
  const message = bytes.subarray(0, -CHECKSUM_BYTES);
  if (!equalBytes(sha256(message).subarray(0, CHECKSUM_BYTES), bytes.subarray(-CHECKSUM_BYTES)))
    throw damaged;
  return checkFields(parseMessage(message, damaged), damaged);
}

function parseMessage(message: Uint8Array, damaged: LatticeError): sync.InviteToken {
  try {
    return sync.InviteToken.fromBinary(message);
  } catch {
    throw damaged;
  }
}

function checkFields(token: sync.InviteToken, damaged: LatticeError): InviteToken {
  const { genesisHash, inviter, secret, role } = token;
  const expiresMs = Number(token.expiresMs);
  if (!isHash(genesisHash) || !isIdentityKey(inviter) || secret.length !== SECRET_BYTES) throw damaged;
  if (roleName(role) === "" || token.addresses.length > TOKEN_ADDRESSES_MAX) throw damaged;
  if (expiresMs > EXPIRES_MS_MAX) throw damaged;
  return {
    genesisHash,
    inviter,
    secret,
    role,
    addresses: token.addresses,
    expiresMs,
  };
}

function encodeBase32(bytes: Uint8Array): string {
  let text = "";
  let buffer = 0;
  let bits = 0;
  for (const byte of bytes) {
    buffer = (buffer << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += ALPHABET[(buffer >> bits) & 31];
    }
    buffer &= (1 << bits) - 1;
  }
  return bits === 0 ? text : text + ALPHABET[(buffer << (5 - bits)) & 31];
}

/** undefined for a foreign character, or for bits left over that are not zero. */
function decodeBase32(text: string): Uint8Array | undefined {
  const out: number[] = [];
  let buffer = 0;
  let bits = 0;
  for (const character of text) {
    const value = ALPHABET.indexOf(character);
    if (value < 0) return undefined;
    buffer = (buffer << 5) | value;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    out.push(buffer >> bits);
    buffer &= (1 << bits) - 1;
  }
  return bits < 5 && buffer === 0 ? Uint8Array.from(out) : undefined;
}
