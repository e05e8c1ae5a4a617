/**
 * Header blocks of one connection, in their order, as fields (RFC 7541 §3.2, §6).
 *
 * The block's own length is the caller's to bound. What it says in few bytes is bounded here: past the limits of the list,
 * fields still change the table, as they must, but are not kept.
 */
import { DynamicTable } from "./dynamic-table.ts";
import { fieldBytes, headerField, type HeaderField } from "./header-field.ts";
import { HpackError } from "./hpack-error.ts";
import { decodeHuffman } from "./huffman.ts";
import { STATIC_TABLE } from "./static-table.ts";

export interface HpackDecoderOptions {
  /** What was told to the other side (SETTINGS_HEADER_TABLE_SIZE). */
  readonly tableBytesMax: number;
  /** Of one list, with 32 bytes for each field. */
  readonly listBytesMax: number;
  readonly fieldCountMax: number;
}

/** Of a table's field that is larger: more than any that is let in. */
const INTEGER_MAX = 2 ** 28;

export class HpackDecoder {
  readonly #options: HpackDecoderOptions;
  readonly #table: DynamicTable;
  #bytes: Buffer = NOTHING;
  #at = 0;
  #end = 0;
  #listBytes = 0;
  #fields: HeaderField[] = [];

  constructor(options: HpackDecoderOptions) {
    this.#options = options;
    this.#table = new DynamicTable(options.tableBytesMax);
  }

  /** The fields; undefined where there are more than the limits allow. Throws `HpackError`; it can decode nothing after that. */
  decode(bytes: Buffer, start: number, end: number): HeaderField[] | undefined {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
    this.#listBytes = 0;
    const fields: HeaderField[] = [];
    this.#fields = fields;
    this.#readSizeUpdates();
    while (this.#at < end) this.#readField();
    const isTooLarge = this.#isTooLarge();
    this.#bytes = NOTHING;
    this.#fields = [];
    return isTooLarge ? undefined : fields;
  }

  /** Of the dynamic table (§4.2, §6.3): only before the first field. */
  #readSizeUpdates(): void {
    while (this.#at < this.#end && (this.#bytes[this.#at]! & 0xe0) === 0x20) {
      const bytesMax = this.#readInteger(5);
      if (bytesMax > this.#options.tableBytesMax) {
        throw new HpackError(`a table of ${bytesMax} bytes: ${this.#options.tableBytesMax} are allowed`);
      }
      this.#table.resize(bytesMax);
    }
  }

  #readField(): void {
    const first = this.#bytes[this.#at]!;
    if (first & 0x80) this.#keep(this.#fieldAt(this.#readInteger(7)));
    else if (first & 0x40) {
      const field = this.#readLiteral(6);
      this.#table.add(field);
      this.#keep(field);
    } else if (first & 0x20) throw new HpackError("a change of the table's size behind a field");
    else this.#keep(this.#readLiteral(4));
  }

  #readLiteral(prefixBits: number): HeaderField {
    const index = this.#readInteger(prefixBits);
    const name = index === 0 ? this.#readString() : this.#fieldAt(index).name;
    return headerField(name, this.#readString());
  }

  #keep(field: HeaderField): void {
    this.#listBytes += fieldBytes(field);
    if (!this.#isTooLarge()) this.#fields.push(field);
  }

  #isTooLarge(): boolean {
    const { listBytesMax, fieldCountMax } = this.#options;
    return this.#listBytes > listBytesMax || this.#fields.length > fieldCountMax;
  }

  #fieldAt(index: number): HeaderField {
    const field =
      index <= STATIC_TABLE.length
        ? STATIC_TABLE[index - 1]
        : this.#table.get(index - STATIC_TABLE.length - 1);
    if (field === undefined) throw new HpackError(`there is no field ${index}`);
    return field;
  }

  /** §5.1 */
  #readInteger(prefixBits: number): number {
    const max = (1 << prefixBits) - 1;
    const prefix = this.#readByte() & max;
    if (prefix < max) return prefix;
    let value = max;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.#readByte();
      value += (byte & 0x7f) * factor;
      if (value > INTEGER_MAX || factor > INTEGER_MAX) throw new HpackError("a number that is too large");
      if (byte < 0x80) return value;
    }
  }

  /** §5.2 */
  #readString(): string {
    const isHuffman = this.#at < this.#end && this.#bytes[this.#at]! >= 0x80;
    const length = this.#readInteger(7);
    const start = this.#at;
    const end = start + length;
    if (end > this.#end) throw new HpackError("a string that is longer than its block");
    this.#at = end;
    return isHuffman ? huffmanText(this.#bytes, start, end) : this.#bytes.toString("latin1", start, end);
  }

  #readByte(): number {
    if (this.#at >= this.#end) throw new HpackError("a block that ends within a field");
    return this.#bytes[this.#at++]!;
  }
}

const NOTHING = Buffer.alloc(0);

/** Five bits are the shortest code. */
function huffmanText(bytes: Uint8Array, start: number, end: number): string {
  const room = Math.ceil(((end - start) * 8) / 5);
  if (room > scratch.length) scratch = Buffer.allocUnsafe(room);
  const length = decodeHuffman(bytes, start, end, scratch);
  if (length < 0) throw new HpackError("a string that is not in Huffman's code");
  return scratch.toString("latin1", 0, length);
}

let scratch = Buffer.allocUnsafe(256);
