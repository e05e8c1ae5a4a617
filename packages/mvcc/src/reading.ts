/** One look at a key space: all that is asked of it sees the same state, as long as nothing is written. */
import { compareBytes } from "@lattice/model";
import type { TableReader } from "@lattice/storage";
import { damaged } from "./damaged.ts";
import type { Change } from "./history-block.ts";
import { History } from "./history.ts";
import { decodeKeyRow, type KeyRow } from "./key-row.ts";
import { decodeKeyValue, EMPTY, type KeyValue } from "./key-value.ts";
import type { KeyRange } from "./key-range.ts";
import { isBefore, type Place } from "./place.ts";
import { readState } from "./state.ts";
import { HISTORY_TABLE, KEYS_TABLE, STATE_TABLE, type Tables } from "./tables.ts";

/** What a key held at some revision, but for its value. */
export interface Version extends Omit<KeyValue, "value"> {
  readonly place: Place;
  /** Bytes of its `mvccpb.KeyValue`, if they were looked at already. */
  readonly keyValue: Uint8Array | undefined;
}

export interface ReadingParts {
  readonly keys: TableReader;
  readonly history: History;
  readonly revision: number;
  readonly compactRevision: number;
}

export class Reading {
  readonly #keys: TableReader;
  readonly history: History;
  /** These two go on while somebody writes: the revision counts what a request that is being done has changed. */
  revision: number;
  compactRevision: number;

  constructor({ keys, history, revision, compactRevision }: ReadingParts) {
    this.#keys = keys;
    this.history = history;
    this.revision = revision;
    this.compactRevision = compactRevision;
  }

  static of(tables: Tables): Reading {
    const { revision, compactRevision } = readState(tables(STATE_TABLE));
    const history = new History(tables(HISTORY_TABLE));
    return new Reading({ keys: tables(KEYS_TABLE), history, revision, compactRevision });
  }

  row(key: Uint8Array): KeyRow | undefined {
    const bytes = this.#keys.get(key);
    return bytes && decodeKeyRow(bytes);
  }

  /** In order, deleted ones as well. */
  *rows(range: KeyRange): Generator<readonly [key: Uint8Array, row: KeyRow]> {
    const { key: from, bounds } = range;
    if (bounds?.lt !== undefined && compareBytes(from, bounds.lt) >= 0) return;
    for (const [key, bytes] of this.#keys.range(bounds)) yield [key, decodeKeyRow(bytes)];
  }

  /** What the key held; undefined where there was none. The revision is not compacted. */
  versionAt(key: Uint8Array, row: KeyRow, revision: number): Version | undefined {
    const { last } = row;
    if (last.main <= revision) return row.isDeleted ? undefined : lastVersion(key, row);
    const place = this.#placeAt(row, revision);
    const change = place && this.history.change(place);
    if (change === undefined || change.isDelete) return undefined;
    const { createRevision, modRevision, version, lease } = decodeKeyValue(change.keyValue);
    return { key, createRevision, modRevision, version, lease, place: place!, keyValue: change.keyValue };
  }

  /** Bytes of its `mvccpb.KeyValue`. */
  keyValueOf(version: Version): Uint8Array {
    return version.keyValue ?? this.changeAt(version.place).keyValue;
  }

  /** What a change replaced, as `mvccpb.KeyValue`; undefined where there was nothing, or it is compacted. */
  keyValueBefore(main: number, previous: Place | undefined): Uint8Array | undefined {
    if (main - 1 < this.compactRevision) return undefined;
    let change = previous && this.history.change(previous);
    // One request may change a key twice, but replaced what was before it.
    while (change?.main === main) change = change.previous && this.history.change(change.previous);
    return change === undefined || change.isDelete ? undefined : change.keyValue;
  }

  changeAt(place: Place): Change {
    const change = this.history.change(place);
    if (change !== undefined) return change;
    throw damaged(`the history, which lacks change ${place.main}.${place.sub},`);
  }

  /** The last change that is not later. The row's own last one is. */
  #placeAt(row: KeyRow, revision: number): Place | undefined {
    let at = row.last;
    for (const place of row.spine) {
      if (place.main <= revision) break;
      at = place;
    }
    for (;;) {
      const { previous, jump } = this.changeAt(at);
      const next = jump !== undefined && jump.main > revision ? jump : previous;
      if (next === undefined || next.main <= revision) return next;
      // Or it would never end.
      if (!isBefore(next, at)) throw damaged("the history");
      at = next;
    }
  }
}

function lastVersion(key: Uint8Array, row: KeyRow): Version {
  const { last: place, createRevision, version, lease } = row;
  return { key, createRevision, modRevision: place.main, version, lease, place, keyValue: undefined };
}

export function withoutValue({ key, createRevision, modRevision, version, lease }: Version): KeyValue {
  return { key, createRevision, modRevision, version, value: EMPTY, lease };
}
