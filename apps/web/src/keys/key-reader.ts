/** Pages of keys, read from the store. */
import type { StoreMethods } from "../data/store-methods.ts";
import { toRow, type KeyPage } from "./key-window.ts";
import type { ListReply } from "./kv-messages.ts";

/** Some screens: few calls while scrolling, and none of them long. */
const PAGE_ROWS = 500;

interface Range {
  /** Inclusive. */
  readonly from?: Uint8Array;
  /** Exclusive. */
  readonly to?: Uint8Array;
  /** The key before the first one. */
  readonly cursor?: Uint8Array;
  readonly reverse?: boolean;
}

export class KeyReader {
  readonly #methods: StoreMethods;
  readonly #prefix: Uint8Array;

  constructor(methods: StoreMethods, prefix: Uint8Array) {
    this.#methods = methods;
    this.#prefix = prefix;
  }

  /** The first keys that are not below `from`. */
  async from(from: Uint8Array, signal: AbortSignal): Promise<KeyPage> {
    return await this.#read({ from }, signal);
  }

  /** Keys above this one. */
  async behind(key: Uint8Array, signal: AbortSignal): Promise<KeyPage> {
    return await this.#read({ cursor: key }, signal);
  }

  /** Keys below this one, the nearest of them. */
  async before(key: Uint8Array, signal: AbortSignal): Promise<KeyPage> {
    return await this.#read({ to: key, reverse: true }, signal);
  }

  /** The last keys. */
  async last(signal: AbortSignal): Promise<KeyPage> {
    return await this.#read({ reverse: true }, signal);
  }

  async #read(range: Range, signal: AbortSignal): Promise<KeyPage> {
    const request = { prefix: this.#prefix, limit: PAGE_ROWS, ...range };
    const { entries, next } = await this.#methods.call<ListReply>("List", request, { signal });
    const rows = entries.map(toRow);
    return { rows: range.reverse === true ? rows.toReversed() : rows, hasMore: next.length > 0 };
  }
}
