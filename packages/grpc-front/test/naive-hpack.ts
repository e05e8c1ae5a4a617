/**
 * HPACK as RFC 7541 tells it, with strings of bits and lists that are copied: the twin that the fast one is held to, and
 * what the raw client of the tests speaks.
 */
import { CODE_LENGTHS, CODES } from "../src/hpack/huffman-code.ts";
import { STATIC_TABLE } from "../src/hpack/static-table.ts";

export type Pair = readonly [name: string, value: string];

const codeOf = (symbol: number): string => CODES[symbol]!.toString(2).padStart(CODE_LENGTHS[symbol]!, "0");
const symbolOf = new Map(Array.from({ length: 256 }, (_, symbol) => [codeOf(symbol), symbol]));
const eos = codeOf(256);

export function naiveHuffman(text: string): number[] {
  let bits = [...Buffer.from(text, "latin1")].map(codeOf).join("");
  bits += eos.slice(0, (8 - (bits.length % 8)) % 8);
  return (bits.match(/.{8}/gu) ?? []).map((byte) => Number.parseInt(byte, 2));
}

/** Undefined for what is no such string. */
export function naiveUnhuffman(bytes: readonly number[]): string | undefined {
  let bits = bytes.map((byte) => byte.toString(2).padStart(8, "0")).join("");
  let text = "";
  for (let length = 5; length <= bits.length; length++) {
    const symbol = symbolOf.get(bits.slice(0, length));
    if (symbol === undefined) continue;
    text += String.fromCharCode(symbol);
    bits = bits.slice(length);
    length = 4;
  }
  return bits.length < 8 && eos.startsWith(bits) ? text : undefined;
}

class Table {
  pairs: Pair[] = [];
  bytesMax = 4_096;

  at(index: number): Pair | undefined {
    const field = STATIC_TABLE[index - 1];
    return field ? [field.name, field.value] : this.pairs[index - STATIC_TABLE.length - 1];
  }

  add(pair: Pair): void {
    this.pairs = [pair, ...this.pairs];
    this.shrink();
  }

  shrink(): void {
    const size = () => this.pairs.reduce((sum, [name, value]) => sum + name.length + value.length + 32, 0);
    while (size() > this.bytesMax) this.pairs.pop();
  }
}

export class NaiveDecoder {
  readonly #table = new Table();

  get size(): number {
    return this.#table.bytesMax;
  }

  /** Throws for what is no block. */
  decode(block: Iterable<number>): Pair[] {
    const bytes = [...block];
    const pairs: Pair[] = [];
    while (bytes.length > 0) {
      const first = bytes[0]!;
      if (first >= 0x80) pairs.push(this.#named(readInteger(bytes, 7)));
      else if (first >= 0x40) {
        const pair = this.#literal(bytes, 6);
        this.#table.add(pair);
        pairs.push(pair);
      } else if (first >= 0x20) {
        this.#table.bytesMax = readInteger(bytes, 5);
        this.#table.shrink();
      } else pairs.push(this.#literal(bytes, 4));
    }
    return pairs;
  }

  #literal(bytes: number[], prefix: number): Pair {
    const index = readInteger(bytes, prefix);
    const name = index === 0 ? readText(bytes) : this.#named(index)[0];
    return [name, readText(bytes)];
  }

  #named(index: number): Pair {
    const pair = this.#table.at(index);
    if (!pair) throw new Error(`no field ${index}`);
    return pair;
  }
}

export interface Choice {
  readonly pair: Pair;
  readonly way: "indexed" | "kept" | "plain" | "never";
  readonly huffman: boolean;
}

export class NaiveEncoder {
  readonly #table = new Table();

  /** In the way that each asks for, where that can be. */
  encode(choices: readonly Choice[]): Buffer {
    return Buffer.from(choices.flatMap((choice) => this.#field(choice)));
  }

  resize(bytesMax: number): Buffer {
    this.#table.bytesMax = bytesMax;
    this.#table.shrink();
    return Buffer.from(integer(bytesMax, 5, 0x20));
  }

  #field({ pair, way, huffman }: Choice): number[] {
    const [name, value] = pair;
    const all = [...STATIC_TABLE.map((field): Pair => [field.name, field.value]), ...this.#table.pairs];
    const whole = all.findIndex((known) => known[0] === name && known[1] === value) + 1;
    if (way === "indexed" && whole > 0) return integer(whole, 7, 0x80);
    const index = all.findIndex((known) => known[0] === name) + 1;
    const head = way === "kept" ? integer(index, 6, 0x40) : integer(index, 4, way === "never" ? 0x10 : 0x00);
    if (way === "kept") this.#table.add(pair);
    return [...head, ...(index === 0 ? text(name, huffman) : []), ...text(value, huffman)];
  }
}

function integer(value: number, prefix: number, pattern: number): number[] {
  const max = 2 ** prefix - 1;
  if (value < max) return [pattern + value];
  const bytes = [pattern + max];
  let rest = value - max;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return [...bytes, rest];
}

function text(value: string, huffman: boolean): number[] {
  const bytes = huffman ? naiveHuffman(value) : [...Buffer.from(value, "latin1")];
  return [...integer(bytes.length, 7, huffman ? 0x80 : 0), ...bytes];
}

function readInteger(bytes: number[], prefix: number): number {
  const max = 2 ** prefix - 1;
  let value = next(bytes) % (max + 1);
  if (value < max) return value;
  for (let factor = 1; ; factor *= 128) {
    const byte = next(bytes);
    value += (byte % 128) * factor;
    if (byte < 128) return value;
  }
}

function readText(bytes: number[]): string {
  const huffman = (bytes[0] ?? 0) >= 128;
  const length = readInteger(bytes, 7);
  if (length > bytes.length) throw new Error("a string that is too long");
  const taken = bytes.splice(0, length);
  const read = huffman ? naiveUnhuffman(taken) : Buffer.from(taken).toString("latin1");
  if (read === undefined) throw new Error("not in Huffman's code");
  return read;
}

function next(bytes: number[]): number {
  const byte = bytes.shift();
  if (byte === undefined) throw new Error("the block has ended");
  return byte;
}
