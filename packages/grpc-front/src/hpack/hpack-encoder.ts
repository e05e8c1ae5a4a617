/** Fields of one connection, in their order, as header blocks (RFC 7541 §6). */
import { DynamicTable } from "./dynamic-table.ts";
import { type HeaderField } from "./header-field.ts";
import { encodeHuffman, huffmanLength } from "./huffman.ts";
import { STATIC_TABLE } from "./static-table.ts";

export class HpackEncoder {
  readonly #tableBytesLimit: number;
  readonly #table: DynamicTable;
  /** Between two blocks, the smallest size that the table was to have; undefined: it was left alone. */
  #smallest: number | undefined;

  /** `tableBytesLimit`: of memory that is spent on the table, however much the other side would allow. */
  constructor(tableBytesLimit: number) {
    this.#tableBytesLimit = tableBytesLimit;
    // RFC 9113 §6.5.2: what holds until the other side says something.
    this.#table = new DynamicTable(Math.min(tableBytesLimit, 4_096));
  }

  /** As long as it does not change, the same fields become the same block. */
  get insertCount(): number {
    return this.#table.insertCount;
  }

  get mustTellSize(): boolean {
    return this.#smallest !== undefined;
  }

  /** What the other side allows (SETTINGS_HEADER_TABLE_SIZE). */
  limitTable(bytesMax: number): void {
    const next = Math.min(bytesMax, this.#tableBytesLimit);
    if (next === this.#table.bytesMax) return;
    this.#table.resize(next);
    this.#smallest = Math.min(this.#smallest ?? next, next);
  }

  /** Returns the end of what was written. `target` needs room for `blockBytesMax`. */
  encode(fields: readonly OutgoingField[], target: Uint8Array, start: number): number {
    let at = this.#encodeSize(target, start);
    for (const field of fields) at = this.#encodeField(field, target, at);
    return at;
  }

  /** §4.2: first the smallest size that there was, then the one that holds now. */
  #encodeSize(target: Uint8Array, start: number): number {
    if (this.#smallest === undefined) return start;
    let at = start;
    if (this.#smallest < this.#table.bytesMax) at = encodeInteger(this.#smallest, 5, 0x20, target, at);
    this.#smallest = undefined;
    return encodeInteger(this.#table.bytesMax, 5, 0x20, target, at);
  }

  #encodeField(field: OutgoingField, target: Uint8Array, start: number): number {
    const { index, isWhole } = this.#find(field);
    if (isWhole) return encodeInteger(index, 7, 0x80, target, start);
    const isKept = field.isRepeated;
    let at = encodeInteger(index, isKept ? 6 : 4, isKept ? 0x40 : 0, target, start);
    if (index === 0) at = encodeString(field.name, target, at);
    if (isKept) this.#table.add(field);
    return encodeString(field.value, target, at);
  }

  /** The field's place, or that of one of the same name; 0 for none. */
  #find({ name, value }: HeaderField): { readonly index: number; readonly isWhole: boolean } {
    let byName = 0;
    const count = STATIC_TABLE.length + this.#table.count;
    for (let index = 1; index <= count; index++) {
      const known =
        index <= STATIC_TABLE.length
          ? STATIC_TABLE[index - 1]!
          : this.#table.get(index - STATIC_TABLE.length - 1)!;
      if (known.name !== name) continue;
      if (known.value === value) return { index, isWhole: true };
      byName ||= index;
    }
    return { index: byName, isWhole: false };
  }
}

export interface OutgoingField extends HeaderField {
  /** Worth a place in the table. */
  readonly isRepeated: boolean;
}

/** What `fields` need at the most. */
export function blockBytesMax(fields: readonly HeaderField[]): number {
  // Sizes of the table, then each field's index and the lengths of its strings.
  let bytes = 12;
  for (const { name, value } of fields) bytes += 18 + name.length + value.length;
  return bytes;
}

/** §5.1; `pattern` is what stands before the number in its first byte. */
function encodeInteger(
  value: number,
  prefixBits: number,
  pattern: number,
  target: Uint8Array,
  start: number,
): number {
  const max = (1 << prefixBits) - 1;
  if (value < max) {
    target[start] = pattern | value;
    return start + 1;
  }
  let at = start;
  target[at++] = pattern | max;
  let rest = value - max;
  for (; rest >= 128; rest = Math.floor(rest / 128)) target[at++] = 0x80 | (rest % 128);
  target[at++] = rest;
  return at;
}

/** §5.2, in the shorter of the two ways. */
function encodeString(text: string, target: Uint8Array, start: number): number {
  const bytes = huffmanLength(text);
  if (bytes < text.length) return encodeHuffman(text, target, encodeInteger(bytes, 7, 0x80, target, start));
  let at = encodeInteger(text.length, 7, 0, target, start);
  for (let index = 0; index < text.length; index++) target[at++] = text.charCodeAt(index);
  return at;
}
