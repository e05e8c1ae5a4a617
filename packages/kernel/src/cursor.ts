/** How far the projection is; lies in `meta` as wseq u64 ‖ systemWseq u64 ‖ chain hash [32] ‖ latest op [40] ‖ schema u64. */
import { concatBytes, ID_BYTES, readSeqBe, u64be, type Hash, type IntentionId } from "@lattice/model";

export interface Cursor {
  readonly wseq: number;
  /** Up to here system ops are folded; beyond `wseq` while the app's part waits for an update or is projected anew. */
  readonly systemWseq: number;
  /** Of the log at `systemWseq`. */
  readonly chainHash: Hash;
  /** The greatest id of all ops of the store's type that were projected. */
  readonly latestOp: IntentionId;
  /** Of the type by whose code it was projected: other code may give another state. */
  readonly schema: number;
}

const CURSOR_BYTES = 8 + 8 + 32 + ID_BYTES + 8;

export function encodeCursor({ wseq, systemWseq, chainHash, latestOp, schema }: Cursor): Uint8Array {
  return concatBytes(u64be(wseq), u64be(systemWseq), chainHash, latestOp, u64be(schema));
}

/** Undefined where it is no cursor. */
export function decodeCursor(row: Uint8Array): Cursor | undefined {
  if (row.length !== CURSOR_BYTES) return undefined;
  return {
    wseq: readSeqBe(row),
    systemWseq: readSeqBe(row, 8),
    chainHash: row.slice(16, 48) as Hash,
    latestOp: row.slice(48, 48 + ID_BYTES) as IntentionId,
    schema: readSeqBe(row, 48 + ID_BYTES),
  };
}
