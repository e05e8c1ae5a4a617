/**
 * The message of Negentropy, version 1.
 *
 *   message = 0x61 ‖ range*
 *   range   = upper bound ‖ mode ‖ payload     its lower bound is the upper one of the range before
 *   bound   = timestamp ‖ length ‖ prefix      of the hash; what is left out is zero
 *   mode    = 0 skip, no payload | 1 fingerprint, [16] | 2 list, count ‖ count × hash [32]
 *
 * All numbers are varints (varint.ts). A timestamp is 0 for infinity, and else 1 + its difference to the one before it
 * in the message. Ranges ascend, cover everything, and what follows the last one is skipped.
 */
import type { Bound } from "./bound.ts";
import { malformed } from "./malformed.ts";
import { MESSAGE_BYTES_MAX } from "./limits.ts";

export const VERSION = 0x61;
/** The bytes that other versions of the protocol may start with. */
const VERSION_MIN = 0x60;
const VERSION_MAX = 0x6f;

export const MODE_SKIP = 0;
export const MODE_FINGERPRINT = 1;
export const MODE_LIST = 2;

export type MessageRange =
  | { readonly mode: "skip"; readonly to: Bound }
  | { readonly mode: "fingerprint"; readonly to: Bound; readonly fingerprint: Uint8Array }
  /** `hashes`: all that the sender has in the range, one after the other. */
  | { readonly mode: "list"; readonly to: Bound; readonly hashes: Uint8Array };

/** The version byte of a message that may be looked at. Throws `invalid-argument`. */
export function messageVersion(message: Uint8Array): number {
  if (message.length > MESSAGE_BYTES_MAX) throw malformed("size");
  const version = message[0];
  if (version === undefined) throw malformed("empty");
  if (version < VERSION_MIN || version > VERSION_MAX) throw malformed("version");
  return version;
}
