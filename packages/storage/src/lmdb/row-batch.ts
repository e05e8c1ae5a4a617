/**
 * Rows of one table on their way to another thread, in one buffer that is handed over and not copied:
 *
 *   key length u32 | value length u32, or DELETED | key | value      little-endian, again and again
 */
export interface RowBatch {
  readonly table: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

const HEAD_BYTES = 8;
const DELETED = 0xffff_ffff;

/** Rows are packed until they take this, in well under a millisecond. */
const BATCH_BYTES = 128 << 10;

/** One batch after the other, so that who packs can do something else in between. */
export function* packRows(
  table: string,
  rows: Iterable<readonly [key: string, value: Uint8Array | undefined]>,
): Generator<RowBatch> {
  let writer = new RowBatchWriter(BATCH_BYTES);
  for (const [key, value] of rows) {
    const bytes = HEAD_BYTES + key.length + (value?.length ?? 0);
    if (!writer.hasRoom(bytes)) {
      yield writer.finish(table);
      writer = new RowBatchWriter(Math.max(bytes, BATCH_BYTES));
    }
    writer.add(key, value);
  }
  yield writer.finish(table);
}

class RowBatchWriter {
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #view: DataView;
  readonly #text: Buffer;
  #at = 0;

  constructor(bytes: number) {
    this.#bytes = new Uint8Array(bytes);
    this.#view = new DataView(this.#bytes.buffer);
    this.#text = Buffer.from(this.#bytes.buffer);
  }

  hasRoom(bytes: number): boolean {
    return this.#at + bytes <= this.#bytes.length;
  }

  /** The key as text (`bytesKey`). */
  add(key: string, value: Uint8Array | undefined): void {
    this.#view.setUint32(this.#at, key.length, true);
    this.#view.setUint32(this.#at + 4, value ? value.length : DELETED, true);
    this.#text.write(key, this.#at + HEAD_BYTES, "latin1");
    this.#at += HEAD_BYTES + key.length;
    if (!value) return;
    this.#bytes.set(value, this.#at);
    this.#at += value.length;
  }

  finish(table: string): RowBatch {
    return { table, bytes: this.#bytes.subarray(0, this.#at) };
  }
}

/**
 * Gives each row of the batches, by table and in the order of the keys, as LMDB takes them fastest. No key is in two
 * of the batches of a table; the batches are gone afterwards. Sorts places and not rows: an object for each row would be most of the work.
 */
export function forEachSorted(
  batches: readonly RowBatch[],
  visit: (table: string, key: Uint8Array, value: Uint8Array | undefined) => void,
): void {
  for (const [table, parts] of Map.groupBy(batches, (batch) => batch.table)) {
    const rows = joined(parts);
    for (const at of sortedPlaces(rows)) {
      const keyEnd = endOfKey(rows, at);
      const valueLength = rows.readUInt32LE(at + 4);
      const value = valueLength === DELETED ? undefined : rows.subarray(keyEnd, keyEnd + valueLength);
      visit(table, rows.subarray(at + HEAD_BYTES, keyEnd), value);
    }
    release(rows);
  }
}

/** Gives memory back now, and not when garbage is next collected: it is megabytes, and little else is made here. */
function release({ buffer }: Uint8Array<ArrayBuffer>): void {
  buffer.transfer(0);
}

/** In a buffer of its own. */
function joined(parts: readonly RowBatch[]): Buffer<ArrayBuffer> {
  const rows = Buffer.allocUnsafeSlow(parts.reduce((sum, { bytes }) => sum + bytes.length, 0));
  let at = 0;
  for (const { bytes } of parts) {
    rows.set(bytes, at);
    at += bytes.length;
    release(bytes);
  }
  return rows;
}

function sortedPlaces(rows: Buffer): Uint32Array {
  const places: number[] = [];
  for (let at = 0; at < rows.length;) {
    places.push(at);
    const valueLength = rows.readUInt32LE(at + 4);
    at = endOfKey(rows, at) + (valueLength === DELETED ? 0 : valueLength);
  }
  return Uint32Array.from(places).sort((a, b) =>
    rows.compare(rows, b + HEAD_BYTES, endOfKey(rows, b), a + HEAD_BYTES, endOfKey(rows, a)),
  );
}

function endOfKey(rows: Buffer, at: number): number {
  return at + HEAD_BYTES + rows.readUInt32LE(at);
}
