/** What watchers are told of: a put or a delete of one key. */
import { encodedField, keyOf, encodeKeyValue, EMPTY, NO_LEASE } from "./key-value.ts";
import type { Place } from "./place.ts";

/** `events` of a `WatchResponse`; `kv` and `prev_kv` of an `Event`; and its `type`, where it is a delete. */
const EVENTS = 0x5a;
const KV = 0x12;
const PREV_KV = 0x1a;
const TYPE_DELETE = Uint8Array.of(0x08, 0x01);

export interface KeyEventParts {
  readonly revision: number;
  readonly isDelete: boolean;
  /** Of the change: `mvccpb.KeyValue`. */
  readonly keyValue: Uint8Array;
  readonly previous: Place | undefined;
}

/** Finds what a change replaced, as bytes of a `mvccpb.KeyValue`; undefined where there was nothing, or it is compacted. */
export type FindBefore = (revision: number, previous: Place | undefined) => Uint8Array | undefined;

export class KeyEvent {
  readonly revision: number;
  readonly key: Uint8Array;
  readonly isDelete: boolean;
  readonly #keyValue: Uint8Array;
  readonly #previous: Place | undefined;
  readonly #findBefore: FindBefore;
  #plain: Uint8Array | undefined;
  #withPrevious: Uint8Array | undefined;

  constructor({ revision, isDelete, keyValue, previous }: KeyEventParts, findBefore: FindBefore) {
    this.revision = revision;
    this.key = keyOf(keyValue);
    this.isDelete = isDelete;
    this.#keyValue = keyValue;
    this.#previous = previous;
    this.#findBefore = findBefore;
  }

  /**
   * As field `events` of a `WatchResponse`, tag and length included; with what the key held before, or without. The former is
   * looked up when it is first asked for.
   */
  encoded(withPrevious: boolean): Uint8Array {
    if (!withPrevious) return (this.#plain ??= this.#encode(undefined));
    return (this.#withPrevious ??= this.#encode(this.#findBefore(this.revision, this.#previous)));
  }

  #encode(before: Uint8Array | undefined): Uint8Array {
    return encodedField(
      EVENTS,
      this.isDelete ? TYPE_DELETE : EMPTY,
      encodedField(KV, this.isDelete ? this.#deletedKey() : this.#keyValue),
      before === undefined ? EMPTY : encodedField(PREV_KV, before),
    );
  }

  /** Only watchers are told when a key was deleted. */
  #deletedKey(): Uint8Array {
    const { key, revision: modRevision } = this;
    return encodeKeyValue({ key, createRevision: 0, modRevision, version: 0, value: EMPTY, lease: NO_LEASE });
  }
}
