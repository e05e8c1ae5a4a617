/**
 * All changes of all keys, in the order of their revisions. Many share a row of the storage, a *block*, since a row costs more
 * than what is in it: changes are added to the last block as long as there is room, whatever request or transaction they
 * come from, so that the blocks follow from the changes alone.
 */
import { readSeqBe, writeU64be } from "@lattice/model";
import type { Table, TableReader } from "@lattice/storage";
import {
  beginChange,
  CHANGE_EXTRA_BYTES,
  changesOf,
  endChange,
  findChange,
  readChange,
  withoutChanges,
  type Change,
} from "./history-block.ts";
import { KEY_VALUE_EXTRA_BYTES, writeKeyValue, type KeyValue } from "./key-value.ts";
import { BLOCK_BYTES } from "./limits.ts";
import type { Place } from "./place.ts";

export interface BlockId {
  readonly main: number;
  readonly sub: number;
}

export interface Block {
  readonly id: BlockId;
  readonly bytes: Uint8Array;
}

export class History {
  readonly #table: TableReader;
  /** The one that was read last: keys that were written together are often read together. */
  #memo: Block | undefined;

  constructor(table: TableReader) {
    this.#table = table;
  }

  /** Undefined where it was removed. */
  change(place: Place): Change | undefined {
    const block = this.block(place.blockMain, place.blockSub);
    if (block === undefined) return undefined;
    const at = findChange(block, place);
    return at === undefined ? undefined : readChange(block, at, place.blockMain);
  }

  /** From the first that may have a change of `from` or later. Not to be continued after a write. */
  *blocksFrom(from: BlockId): Generator<Block> {
    const [first] = this.#table.range({ lte: blockKey(from.main, from.sub), reverse: true, limit: 1 });
    const start = first?.[0];
    for (const [key, bytes] of this.#table.range(start && { gte: start }))
      yield { id: readBlockKey(key), bytes };
  }

  protected block(main: number, sub: number): Uint8Array | undefined {
    if (this.#memo?.id.main === main && this.#memo.id.sub === sub) return this.#memo.bytes;
    const bytes = this.#table.get(blockKey(main, sub));
    if (bytes !== undefined) this.#memo = { id: { main, sub }, bytes };
    return bytes;
  }

  protected forgetMemo(): void {
    this.#memo = undefined;
  }
}

export interface NewChange extends Omit<Change, "keyValue"> {
  readonly keyValue: KeyValue;
}

/** The block that is being added to. What is below `length` never changes, so views of it stay good. */
interface Tail {
  readonly id: BlockId;
  bytes: Uint8Array;
  length: number;
}

export class HistoryWriter extends History {
  readonly #table: Table;
  #tail: Tail | undefined;
  #tailId: BlockId;
  #isTailNew = false;

  constructor(table: Table, tailId: BlockId) {
    super(table);
    this.#table = table;
    this.#tailId = tailId;
  }

  /** The block that the next change belongs to, if there is room. */
  get tailId(): BlockId {
    return this.#tailId;
  }

  /** Gives where it is, and the bytes of its `KeyValue`: a view that stays good. */
  append(change: NewChange): { readonly place: Place; readonly keyValue: Uint8Array } {
    const { key, value } = change.keyValue;
    const bytesMax = CHANGE_EXTRA_BYTES + KEY_VALUE_EXTRA_BYTES + key.length + value.length;
    const tail = this.#tailWithRoom(bytesMax, change);
    const at = tail.length;
    const start = beginChange(tail.bytes, at, change, tail.id.main);
    const end = writeKeyValue(tail.bytes, start, change.keyValue);
    endChange(tail.bytes, at, end);
    tail.length = end;
    this.#isTailNew = true;
    return {
      place: { main: change.main, sub: change.sub, blockMain: tail.id.main, blockSub: tail.id.sub },
      keyValue: tail.bytes.subarray(start, end),
    };
  }

  /** Writes what was added to the table. Before the table is read other than by `change`, and in the end. */
  settle(): void {
    const tail = this.#tail;
    if (tail !== undefined && this.#isTailNew) {
      this.#table.put(blockKey(tail.id.main, tail.id.sub), tail.bytes.subarray(0, tail.length));
    }
    this.#isTailNew = false;
    this.#tail = undefined;
    this.forgetMemo();
  }

  /** Those that are still there. Only when it is settled. */
  remove(places: Iterable<Place>): void {
    const doomedByBlock = new Map<string, Place[]>();
    for (const place of places) {
      const name = `${place.blockMain} ${place.blockSub}`;
      const doomed = doomedByBlock.get(name);
      if (doomed === undefined) doomedByBlock.set(name, [place]);
      else doomed.push(place);
    }
    for (const doomed of doomedByBlock.values()) this.#removeFromBlock(doomed);
    this.forgetMemo();
  }

  protected override block(main: number, sub: number): Uint8Array | undefined {
    const tail = this.#tail;
    if (tail?.id.main === main && tail.id.sub === sub) return tail.bytes.subarray(0, tail.length);
    return super.block(main, sub);
  }

  #removeFromBlock(places: readonly Place[]): void {
    const { blockMain, blockSub } = places[0]!;
    const key = blockKey(blockMain, blockSub);
    const block = this.#table.get(key);
    if (block === undefined) return;
    const found = places.map((place) => findChange(block, place)).filter((at) => at !== undefined);
    const doomed = [...new Set(found)].sort((a, b) => a - b);
    if (doomed.length === 0) return;
    const rest = withoutChanges(block, doomed);
    if (rest.length === 0) this.#table.delete(key);
    else this.#table.put(key, rest);
  }

  #tailWithRoom(bytesMax: number, next: BlockId): Tail {
    const tail = (this.#tail ??= this.#loadTail());
    // Not what its buffer has room for: how large that is depends on when it was read.
    if (tail !== undefined && tail.length + bytesMax <= BLOCK_BYTES) return tail;
    this.settle();
    this.#tailId = { main: next.main, sub: next.sub };
    this.#tail = { id: this.#tailId, bytes: new Uint8Array(Math.max(BLOCK_BYTES, bytesMax)), length: 0 };
    return this.#tail;
  }

  #loadTail(): Tail | undefined {
    const id = this.#tailId;
    const stored = this.#table.get(blockKey(id.main, id.sub));
    if (stored === undefined) return undefined;
    const bytes = new Uint8Array(Math.max(BLOCK_BYTES, stored.length));
    bytes.set(stored);
    return { id, bytes, length: stored.length };
  }
}

export function* changesFrom(
  history: History,
  from: BlockId,
): Generator<Change & { readonly block: BlockId }> {
  for (const { id, bytes } of history.blocksFrom(from)) {
    for (const change of changesOf(bytes, id.main)) {
      if (change.main > from.main || (change.main === from.main && change.sub >= from.sub)) {
        yield { ...change, block: id };
      }
    }
  }
}

function blockKey(main: number, sub: number): Uint8Array {
  const key = new Uint8Array(12);
  writeU64be(key, main, 0);
  key[8] = sub >>> 24;
  key[9] = sub >>> 16;
  key[10] = sub >>> 8;
  key[11] = sub;
  return key;
}

function readBlockKey(key: Uint8Array): BlockId {
  return { main: readSeqBe(key), sub: new DataView(key.buffer, key.byteOffset).getUint32(8) };
}
