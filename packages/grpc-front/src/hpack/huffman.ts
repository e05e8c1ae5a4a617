/**
 * Strings in the code of RFC 7541 §5.2.
 *
 * The decoder walks the tree four bits at a time. Codes have five bits at least, so a step passes one symbol at the most.
 */
import { CODE_LENGTHS, CODES, EOS } from "./huffman-code.ts";

const STEP_BITS = 4;
const STEPS = 1 << STEP_BITS;

/** What a step leads to: the inner node, and flags. */
const NODE = 0xff;
const SYMBOL_SHIFT = 8;
const HAS_SYMBOL = 1 << 16;
/** Passes the code of the end of the string, which nobody may write (§5.2). */
const IS_WRONG = 1 << 17;

const { steps, endings } = buildSteps();

/** How many bytes `target` got, which has room for `8 / 5` of the source; -1 where the source is no such string. */
export function decodeHuffman(source: Uint8Array, start: number, end: number, target: Uint8Array): number {
  let node = 0;
  let length = 0;
  for (let at = start; at < end; at++) {
    const byte = source[at]!;
    for (const nibble of [byte >> 4, byte & 0xf]) {
      const step = steps[node * STEPS + nibble]!;
      if (step & IS_WRONG) return -1;
      if (step & HAS_SYMBOL) target[length++] = (step >> SYMBOL_SHIFT) & 0xff;
      node = step & NODE;
    }
  }
  return endings[node] === 1 ? length : -1;
}

/** In bytes. */
export function huffmanLength(text: string): number {
  let bits = 0;
  for (let at = 0; at < text.length; at++) bits += CODE_LENGTHS[text.charCodeAt(at)]!;
  return (bits + 7) >> 3;
}

/** Characters up to U+00FF. Returns the end of what was written to `target`. */
export function encodeHuffman(text: string, target: Uint8Array, start: number): number {
  let at = start;
  let bits = 0;
  let count = 0;
  for (let index = 0; index < text.length; index++) {
    const symbol = text.charCodeAt(index);
    let rest = CODE_LENGTHS[symbol]!;
    const code = CODES[symbol]!;
    while (rest > 0) {
      const taken = Math.min(rest, 8 - count);
      rest -= taken;
      bits = (bits << taken) | ((code >>> rest) & ((1 << taken) - 1));
      count += taken;
      if (count < 8) continue;
      target[at++] = bits;
      bits = 0;
      count = 0;
    }
  }
  // Filled up with the beginning of the end's code, which is ones.
  if (count > 0) target[at++] = (bits << (8 - count)) | ((1 << (8 - count)) - 1);
  return at;
}

interface Tree {
  /** By node: where a 0 and a 1 lead to; a symbol as `-1 - symbol`. */
  readonly children: [number, number][];
}

function buildSteps(): { readonly steps: Uint32Array; readonly endings: Uint8Array } {
  const { children } = buildTree();
  const all = new Uint32Array(children.length * STEPS);
  for (let node = 0; node < children.length; node++) {
    for (let nibble = 0; nibble < STEPS; nibble++) {
      all[node * STEPS + nibble] = stepFrom(children, node, nibble);
    }
  }
  return { steps: all, endings: buildEndings(children) };
}

function buildTree(): Tree {
  const children: [number, number][] = [[0, 0]];
  for (let symbol = 0; symbol <= EOS; symbol++) {
    const length = CODE_LENGTHS[symbol]!;
    let node = 0;
    for (let bit = length - 1; bit >= 0; bit--) {
      const side = (CODES[symbol]! >>> bit) & 1;
      if (bit === 0) children[node]![side] = -1 - symbol;
      else {
        if (children[node]![side] === 0) children[node]![side] = children.push([0, 0]) - 1;
        node = children[node]![side]!;
      }
    }
  }
  return { children };
}

function stepFrom(children: Tree["children"], from: number, nibble: number): number {
  let node = from;
  let flags = 0;
  for (let bit = STEP_BITS - 1; bit >= 0; bit--) {
    const next = children[node]![(nibble >> bit) & 1]!;
    if (next >= 0) {
      node = next;
      continue;
    }
    const symbol = -1 - next;
    if (symbol === EOS) return IS_WRONG;
    flags = HAS_SYMBOL | (symbol << SYMBOL_SHIFT);
    node = 0;
  }
  return flags | node;
}

/** Where a string may end: behind a symbol, or up to seven ones after it (§5.2). */
function buildEndings(children: Tree["children"]): Uint8Array {
  const isEnding = new Uint8Array(children.length);
  let node = 0;
  for (let ones = 0; ones <= 7; ones++) {
    isEnding[node] = 1;
    node = children[node]![1]!;
  }
  return isEnding;
}
