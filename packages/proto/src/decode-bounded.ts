import { BinaryReader, type IMessageType } from "@protobuf-ts/runtime";

/**
 * Decodes what a stranger sent. Every field costs an object, and an empty one has two bytes: a message of a few MiB could
 * ask for a GiB. So a message has at most `fieldCountMax` fields, those of the messages in it included; fields that nobody
 * knows count, and are dropped. Throws for that, and for bytes that are no such message, an error of no particular kind.
 */
export function decodeBounded<T extends object>(
  type: IMessageType<T>,
  bytes: Uint8Array,
  fieldCountMax: number,
): T {
  const readerFactory = (input: Uint8Array) => new BoundedReader(input, fieldCountMax);
  return type.fromBinary(bytes, { readUnknownField: false, readerFactory });
}

/** One reader reads a message and all the messages in it. */
class BoundedReader extends BinaryReader {
  #left: number;

  constructor(bytes: Uint8Array, fieldCountMax: number) {
    super(bytes);
    this.#left = fieldCountMax;
  }

  override tag(): ReturnType<BinaryReader["tag"]> {
    if (this.#left === 0) throw new RangeError("too many fields");
    this.#left -= 1;
    return super.tag();
  }
}
