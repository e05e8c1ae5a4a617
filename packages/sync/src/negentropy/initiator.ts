import { assert, bytesKey, HASH_BYTES, idHash, type Hash, type IntentionId } from "@lattice/model";
import { answer, split, type PeerList, type Side } from "./answer.ts";
import type { Bound } from "./bound.ts";
import type { ItemSource } from "./item-source.ts";
import { HAVE_COUNT_MAX } from "./limits.ts";
import { malformed } from "./malformed.ts";
import { messageVersion, VERSION } from "./message.ts";
import { MessageWriter } from "./message-writer.ts";
import type { ReconcileOptions } from "./responder.ts";

export interface InitiatorOptions extends ReconcileOptions {
  /** About how many ids `have` may hold after one message; the rest comes in later ones. */
  readonly haveCountMax?: number;
}

export interface Reconciled {
  /** To be sent to the responder; undefined when there is nothing left to find out. */
  readonly reply: Uint8Array | undefined;
  /** What this message showed that the responder lacks. */
  readonly have: readonly IntentionId[];
  /** What it showed that only the responder has. Bare hashes: lists do not carry timestamps. */
  readonly need: readonly Hash[];
}

/**
 * The side that asks, and that learns of every difference if both sides keep their sets and follow the protocol: of each
 * one once where the answers fit their frames, and of some more than once where they do not (answer.ts, 2).
 *
 * A responder that does not follow it can name hashes that do not exist, or that the initiator has, and can go on for
 * ever: whoever drives an initiator bounds the rounds that it has patience for (README.md). It keeps nothing
 * between two messages.
 */
export class Initiator {
  readonly #source: ItemSource;
  readonly #frameBytesMax: number;
  readonly #haveCountMax: number;

  constructor(source: ItemSource, options: InitiatorOptions) {
    const { frameBytesMax, haveCountMax = HAVE_COUNT_MAX } = options;
    assert(haveCountMax >= 1, "a round finds something");
    this.#source = source;
    this.#frameBytesMax = frameBytesMax;
    this.#haveCountMax = haveCountMax;
  }

  /** The first message. */
  start(): Uint8Array {
    const out = new MessageWriter(this.#frameBytesMax);
    const { count } = this.#source.sum(undefined, undefined);
    split(this.#source, { from: undefined, to: undefined, count }, out);
    return out.finish();
  }

  /** Throws `invalid-argument` for what is no message of this version, and nothing else. */
  receive(message: Uint8Array): Reconciled {
    if (messageVersion(message) !== VERSION) throw malformed("version");
    const out = new MessageWriter(this.#frameBytesMax);
    const differences = new Differences(this.#source, this.#haveCountMax);
    answer(this.#source, differences, message, out);
    const reply = out.finish();
    const { have, need } = differences;
    return { reply: reply.length === 1 ? undefined : reply, have, need };
  }
}

/** Settles a range by the peer's list of it. */
class Differences implements Side {
  readonly have: IntentionId[] = [];
  readonly need: Hash[] = [];
  readonly #source: ItemSource;
  readonly #haveCountMax: number;

  constructor(source: ItemSource, haveCountMax: number) {
    this.#source = source;
    this.#haveCountMax = haveCountMax;
  }

  get hasRoom(): boolean {
    return this.have.length < this.#haveCountMax;
  }

  /**
   * Where `have` is full, the range is settled up to there. What the peer listed beyond cannot be told apart from the
   * rest, so all of it is reported, and what has not been fetched by the round that settles it once more.
   */
  takeList({ from, to, hashes }: PeerList, out: MessageWriter): Bound {
    const theirs = hashesByKey(hashes);
    let cut: Bound;
    for (const id of this.#source.ids(from, to)) {
      if (theirs.delete(bytesKey(idHash(id))) || cut !== undefined) continue;
      if (this.hasRoom) this.have.push(id);
      else cut = id;
    }
    for (const hash of theirs.values()) this.need.push(new Uint8Array(hash) as Hash);
    out.skip(cut ?? to);
    return cut;
  }
}

function hashesByKey(hashes: Uint8Array): Map<string, Uint8Array> {
  const byKey = new Map<string, Uint8Array>();
  for (let at = 0; at < hashes.length; at += HASH_BYTES) {
    const hash = hashes.subarray(at, at + HASH_BYTES);
    byKey.set(bytesKey(hash), hash);
  }
  return byKey;
}
