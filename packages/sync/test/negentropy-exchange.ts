/** Runs whole exchanges between two sets, for the tests of the reconciliation. */
import { assert, bytesKey, idHash, sha256, u64be, type Hash, type IntentionId } from "@lattice/model";
import { Initiator, respond, SortedItems, type ItemSource } from "../src/negentropy/index.ts";

export const FRAME_BYTES = 1 << 20;

export interface ExchangeOptions {
  readonly frameBytesMax?: number;
  readonly haveCountMax?: number;
  /** More is taken for an exchange that does not end. */
  readonly roundsMax?: number;
}

export interface Exchange {
  readonly have: IntentionId[];
  readonly need: Hash[];
  /** Questions and answers. */
  readonly messages: Uint8Array[];
  readonly rounds: number;
}

export function exchange(mine: ItemSource, theirs: ItemSource, options: ExchangeOptions = {}): Exchange {
  const { frameBytesMax = FRAME_BYTES, roundsMax = 10_000 } = options;
  const initiator = new Initiator(mine, { frameBytesMax, ...options });
  const have: IntentionId[] = [];
  const need: Hash[] = [];
  const messages: Uint8Array[] = [];
  let question: Uint8Array | undefined = initiator.start();
  while (question !== undefined) {
    assert(messages.length < 2 * roundsMax, "an exchange ends");
    const answer = respond(theirs, question, { frameBytesMax });
    messages.push(question, answer);
    const received = initiator.receive(answer);
    have.push(...received.have);
    need.push(...received.need);
    question = received.reply;
  }
  return { have, need, messages, rounds: messages.length / 2 };
}

/** What an exchange should find, worked out by looking at everything. */
export function differences(mine: readonly IntentionId[], theirs: readonly IntentionId[]) {
  const myKeys = new Set(mine.map(bytesKey));
  const theirKeys = new Set(theirs.map(bytesKey));
  return {
    have: sortedKeys(mine.filter((id) => !theirKeys.has(bytesKey(id)))),
    need: sortedKeys(theirs.filter((id) => !myKeys.has(bytesKey(id))).map(idHash)),
  };
}

export function sortedKeys(byteStrings: readonly Uint8Array[]): string[] {
  return byteStrings.map(bytesKey).sort();
}

/** The `index`th of a sequence of hashes that never changes. */
export function hashOf(index: number): Hash {
  return new Uint8Array(sha256(u64be(index))) as Hash;
}

/** A source that counts what it reads, and reads as an index without sums does: one id after the other. */
export class ScannedItems implements ItemSource {
  readonly #items: SortedItems;
  readCount = 0;

  constructor(ids: Iterable<IntentionId>) {
    this.#items = new SortedItems(ids);
  }

  sum(...range: Parameters<ItemSource["sum"]>) {
    const sum = this.#items.sum(...range);
    this.readCount += sum.count;
    return sum;
  }

  nth(...range: Parameters<ItemSource["nth"]>) {
    this.readCount += range[2] + 1;
    return this.#items.nth(...range);
  }

  *ids(...range: Parameters<ItemSource["ids"]>) {
    for (const id of this.#items.ids(...range)) {
      this.readCount++;
      yield id;
    }
  }
}
