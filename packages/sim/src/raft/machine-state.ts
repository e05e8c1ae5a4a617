/**
 * The state machine of simulated members: a chain of hashes over what was applied. Two that have applied the same have the
 * same, and nothing else has it.
 */
import { EntryKind, type Entry } from "@lattice/raft";

export interface MachineState {
  readonly index: number;
  readonly chain: number;
  /** What was written last; a register, in the eyes of a client. */
  readonly value: number;
}

export const INITIAL_STATE: MachineState = { index: 0, chain: 0x811c9dc5, value: 0 };

const HEADER_BYTES = 16;

export function applyEntry({ index, chain, value }: MachineState, entry: Entry): MachineState {
  let next = mix(chain, entry.index);
  let written = value;
  if (entry.kind === EntryKind.DATA) {
    const { data } = entry;
    written = valueOf(data);
    next = mix(next, written);
    next = mix(next, data.length);
  }
  return { index: index + 1, chain: next, value: written };
}

/** What a client wrote stands at the beginning; the rest is there for its size. */
export function valueOf(data: Uint8Array): number {
  return (data[0]! << 24) | (data[1]! << 16) | (data[2]! << 8) | data[3]!;
}

/** `sizeBytes`: padded to it, so that it takes several pieces to send. */
export function encodeState(state: MachineState, sizeBytes: number): Uint8Array {
  const bytes = new Uint8Array(Math.max(HEADER_BYTES, sizeBytes));
  const view = new DataView(bytes.buffer);
  view.setFloat64(0, state.index);
  view.setUint32(8, state.chain);
  view.setUint32(12, state.value);
  for (let at = HEADER_BYTES; at < bytes.length; at++) bytes[at] = (state.chain >>> (at % 24)) ^ at;
  return bytes;
}

export function decodeState(bytes: Uint8Array): MachineState {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return { index: view.getFloat64(0), chain: view.getUint32(8), value: view.getUint32(12) };
}

export function checksum(bytes: Uint8Array): number {
  let sum = 0x811c9dc5;
  for (const byte of bytes) sum = Math.imul(sum ^ byte, 0x01000193);
  return sum >>> 0;
}

/** One round of murmur3's mixing. */
export function mix(hash: number, value: number): number {
  let next = Math.imul(value, 0xcc9e2d51);
  next = (next << 15) | (next >>> 17);
  next = hash ^ Math.imul(next, 0x1b873593);
  next = (next << 13) | (next >>> 19);
  return (Math.imul(next, 5) + 0xe6546b64) >>> 0;
}
