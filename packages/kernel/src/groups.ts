/**
 * Which signature of a batch stands for which of its intentions (weaver.md §6, "Tip-signed batches"). Core.
 *
 * A signature that another one makes unnecessary is not looked at, and lost with that; what it stood for then hangs on the
 * other one. So that groups do not grow from node to node until none can be sent any more, that is done only as long as
 * all of it together is no larger than what an author may leave unsigned.
 */
import { bytesKey, concatBytes, vouchesForPrev, type Intention, type IntentionId } from "@lattice/model";
import { GROUP_BYTES_MAX, GROUP_COUNT_MAX } from "./limits.ts";

export interface InBatch {
  readonly intention: Intention;
  readonly signature: Uint8Array | undefined;
}

interface Size {
  readonly count: number;
  readonly bytes: number;
}

interface Group {
  readonly voucher: IntentionId;
  count: number;
  bytes: number;
}

/** To be asked about each intention of a batch, from the last to the first. */
export class Groups {
  /** Of each that is signed: itself, and what has no signature and hangs on it. */
  readonly #sizes: ReadonlyMap<string, Size>;
  /** By the intention that they go on to. */
  readonly #open = new Map<string, Group>();

  constructor(batch: readonly (InBatch | undefined)[]) {
    this.#sizes = sizesOf(batch);
  }

  /** What vouches for it: undefined where its own signature has to, `none` where nothing does. */
  voucherOf({ intention, signature }: InBatch): IntentionId | undefined | "none" {
    const key = keyOf(intention, intention.id);
    const group = this.#open.get(key);
    const size = this.#sizes.get(key) ?? { count: 1, bytes: intention.body.length };
    const isRoom =
      group !== undefined &&
      group.count + size.count <= GROUP_COUNT_MAX &&
      group.bytes + size.bytes <= GROUP_BYTES_MAX;
    if (isRoom) return group.voucher;
    return signature === undefined ? "none" : undefined;
  }

  /** It counts: what it cites as its author's previous one may hang on it, or on what it hangs on itself. */
  add({ intention }: InBatch, voucher: IntentionId | undefined): void {
    const open = voucher === undefined ? undefined : this.#open.get(keyOf(intention, intention.id));
    const group = open ?? { voucher: intention.id, count: 0, bytes: 0 };
    group.count += 1;
    group.bytes += intention.body.length;
    if (vouchesForPrev(intention)) this.#open.set(keyOf(intention, intention.storePrev), group);
  }
}

function sizesOf(batch: readonly (InBatch | undefined)[]): Map<string, Size> {
  const sizes = new Map<string, Size>();
  const unsigned = new Map<string, Size>();
  for (const item of batch) {
    if (item === undefined) continue;
    const { intention, signature } = item;
    const below = vouchesForPrev(intention) ? unsigned.get(keyOf(intention, intention.storePrev)) : undefined;
    const size = {
      count: (below?.count ?? 0) + 1,
      bytes: (below?.bytes ?? 0) + intention.body.length,
    };
    (signature === undefined ? unsigned : sizes).set(keyOf(intention, intention.id), size);
  }
  return sizes;
}

/** Nobody vouches for another author. */
function keyOf({ author }: Intention, id: IntentionId): string {
  return bytesKey(concatBytes(author, id));
}
