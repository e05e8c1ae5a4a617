/** The first intention of a store, which is its identity (weaver.md §2). */
import {
  decodeIntention,
  encodeIntention,
  equalBytes,
  isGenesis,
  isHash,
  isIdentityKey,
  LatticeError,
  signIntention,
  verifyIntention,
  ZERO_ID,
  ZERO_STORE_ID,
  type Hash,
  type HybridClock,
  type Intention,
  type Random,
  type Signer,
} from "@lattice/model";
import { weaver } from "@lattice/proto";
import type { StoreType } from "@lattice/store";
import type { Offered } from "./ingest.ts";

const NONCE_BYTES = 16;

export interface NewGenesis {
  readonly type: StoreType;
  readonly signer: Signer;
  readonly hlc: HybridClock;
  readonly random: Random;
  /** Genesis hash of the parent, for a child store. */
  readonly parent?: Hash | undefined;
}

export function createGenesis({ type, signer, hlc, random, parent }: NewGenesis): Offered & { hash: Hash } {
  const genesis = {
    storeType: type.type,
    schema: type.schema,
    nonce: random.bytes(NONCE_BYTES),
    parent: parent ?? new Uint8Array(0),
  };
  const intention = encodeIntention({
    storeId: ZERO_STORE_ID,
    author: signer.publicKey,
    seq: 0,
    timestamp: hlc.tick(),
    storePrev: ZERO_ID,
    condition: [],
    ops: weaver.Ops.toBinary({ op: { oneofKind: "genesis", genesis } }),
  });
  return { body: intention.body, signature: signIntention(signer, intention.hash), hash: intention.hash };
}

/** Takes untrusted bytes. Throws `invite-invalid` where they are not the genesis with that hash. */
export function verifyGenesis(offered: Offered, expected: Hash): Intention {
  const intention = decodeIntention(offered.body);
  const wrong = new LatticeError(
    "invite-invalid",
    "the peer sent another store's genesis than the invite names",
  );
  if (typeof intention === "string" || !isGenesis(intention)) throw wrong;
  if (!equalBytes(intention.hash, expected) || !isIdentityKey(intention.author)) throw wrong;
  if (!verifyIntention(intention.author, intention.hash, offered.signature ?? new Uint8Array(0))) throw wrong;
  parseGenesis(intention);
  return intention;
}

/** Throws `corrupt` where an intention in a genesis' place says nothing of a store. */
export function parseGenesis(intention: Intention): weaver.Genesis {
  try {
    const { op } = weaver.Ops.fromBinary(intention.ops);
    if (op.oneofKind === "genesis" && isWellFormed(op.genesis)) return op.genesis;
  } catch {
    // Falls through: undecodable bytes are no genesis either.
  }
  throw new LatticeError("corrupt", "the genesis of the store cannot be read");
}

function isWellFormed({ nonce, parent }: weaver.Genesis): boolean {
  return nonce.length === NONCE_BYTES && (parent.length === 0 || isHash(parent));
}
