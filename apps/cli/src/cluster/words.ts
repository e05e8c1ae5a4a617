/** Words of the command line as what a cluster is asked for. */
import { bytesOfWord } from "../fields/value.ts";
import { UsageError } from "../errors.ts";

/** etcd's way to say "all keys from here on". */
const TO_THE_END = Uint8Array.of(0);
const NOTHING = new Uint8Array(0);

export interface RangeWords {
  readonly key: string;
  readonly end?: string | undefined;
  readonly isPrefix: boolean;
  readonly isFromKey: boolean;
}

export interface KeyRange {
  readonly key: Uint8Array;
  /** Empty for one key. */
  readonly rangeEnd: Uint8Array;
}

/** One key; all up to END; all with a prefix; all from one on. The empty key stands for the beginning. */
export function rangeOfWords({ key: word, end, isPrefix, isFromKey }: RangeWords): KeyRange {
  const ways = [end !== undefined, isPrefix, isFromKey].filter(Boolean).length;
  if (ways > 1) throw new UsageError("END, --prefix and --from-key exclude each other");
  const key = bytesOfWord(word, "key");
  if (isPrefix) return key.length === 0 ? everything() : { key, rangeEnd: prefixEnd(key) };
  if (isFromKey) return key.length === 0 ? everything() : { key, rangeEnd: TO_THE_END };
  if (end === undefined) return { key, rangeEnd: NOTHING };
  return { key, rangeEnd: bytesOfWord(end, "end") };
}

function everything(): KeyRange {
  return { key: TO_THE_END, rangeEnd: TO_THE_END };
}

function prefixEnd(prefix: Uint8Array): Uint8Array {
  const last = prefix.findLastIndex((byte) => byte < 0xff);
  if (last < 0) return TO_THE_END;
  const end = prefix.slice(0, last + 1);
  end[last]! += 1;
  return end;
}

export function wholeNumber(text: string, name: string): bigint {
  if (!/^\d{1,19}$/.test(text)) throw new UsageError(`${name}: "${text}" is no whole number`);
  return BigInt(text);
}

export function maybeWholeNumber(text: string | undefined, name: string): bigint | undefined {
  return text === undefined ? undefined : wholeNumber(text, name);
}

/** Ids are written in hex, as they are printed. */
export function idOfWord(text: string, name: string): bigint {
  const digits = text.startsWith("0x") ? text.slice(2) : text;
  if (!/^[0-9a-fA-F]{1,16}$/.test(digits))
    throw new UsageError(`${name}: "${text}" is no id, which is written in hex`);
  return BigInt(`0x${digits}`);
}

export function idText(id: bigint): string {
  return BigInt.asUintN(64, id).toString(16);
}
