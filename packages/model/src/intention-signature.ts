/** What an author signs: a label that no other use shares, and the hash of the body (weaver.md §1). */
import { concatBytes, utf8 } from "./bytes.ts";
import type { Hash } from "./hash.ts";
import { verifySignature, type PubKey, type Signer } from "./keys.ts";

const CONTEXT = utf8("lattice/intention/1");

export function signIntention(signer: Signer, hash: Hash): Uint8Array {
  return signer.sign(concatBytes(CONTEXT, hash));
}

export function verifyIntention(author: PubKey, hash: Hash, signature: Uint8Array): boolean {
  return verifySignature(author, concatBytes(CONTEXT, hash), signature);
}
