/**
 * `mvccpb.KeyValue` as bytes: how a change is stored, hashed and sent. Fields in the order of their numbers, and those that
 * are 0 or empty left out, as etcd writes them: so hashes agree with etcd's.
 */
import type { mvccpb } from "@lattice/etcd-proto";
import { damaged } from "./damaged.ts";
import { VarintReader, VARINT64_BYTES_MAX, varintBytes, writeVarint, writeVarint64 } from "./varint.ts";

/** What a key holds, with revisions as numbers. */
export interface KeyValue {
  readonly key: Uint8Array;
  readonly createRevision: number;
  readonly modRevision: number;
  /** 0 after a delete; then there is nothing but the key. */
  readonly version: number;
  readonly value: Uint8Array;
  readonly lease: bigint;
}

export const NO_LEASE = 0n;
export const EMPTY = new Uint8Array(0);

const KEY = 0x0a;
const CREATE_REVISION = 0x10;
const MOD_REVISION = 0x18;
const VERSION = 0x20;
const VALUE = 0x2a;
const LEASE = 0x30;

/** More than the fields take beside key and value. */
export const KEY_VALUE_EXTRA_BYTES = 6 + 6 * VARINT64_BYTES_MAX;

/** Gives the place behind it. */
export function writeKeyValue(out: Uint8Array, at: number, kv: KeyValue): number {
  let next = writeBytes(out, at, KEY, kv.key);
  next = writeNumber(out, next, CREATE_REVISION, kv.createRevision);
  next = writeNumber(out, next, MOD_REVISION, kv.modRevision);
  next = writeNumber(out, next, VERSION, kv.version);
  next = writeBytes(out, next, VALUE, kv.value);
  if (kv.lease === NO_LEASE) return next;
  out[next] = LEASE;
  return writeVarint64(out, next + 1, kv.lease);
}

export function encodeKeyValue(kv: KeyValue): Uint8Array {
  const out = new Uint8Array(kv.key.length + kv.value.length + KEY_VALUE_EXTRA_BYTES);
  return out.subarray(0, writeKeyValue(out, 0, kv));
}

/** Key and value are views. */
export function decodeKeyValue(bytes: Uint8Array): KeyValue {
  const reader = new VarintReader(bytes);
  let key: Uint8Array = EMPTY;
  let value: Uint8Array = EMPTY;
  let [createRevision, modRevision, version] = [0, 0, 0];
  let lease = NO_LEASE;
  while (reader.at < bytes.length) {
    switch (reader.varint()) {
      case KEY:
        key = reader.take(reader.varint());
        break;
      case CREATE_REVISION:
        createRevision = reader.varint();
        break;
      case MOD_REVISION:
        modRevision = reader.varint();
        break;
      case VERSION:
        version = reader.varint();
        break;
      case VALUE:
        value = reader.take(reader.varint());
        break;
      case LEASE:
        lease = reader.varint64();
        break;
      default:
        throw damaged("a key's value");
    }
  }
  // Past its end there are no numbers, and then nothing is equal.
  if (reader.at !== bytes.length) throw damaged("a key's value");
  return { key, createRevision, modRevision, version, value, lease };
}

/** A view. The key is what begins it. */
export function keyOf(bytes: Uint8Array): Uint8Array {
  const reader = new VarintReader(bytes, 1);
  return reader.take(reader.varint());
}

export function toMessage(kv: KeyValue): mvccpb.KeyValue {
  return {
    key: kv.key,
    createRevision: BigInt(kv.createRevision),
    modRevision: BigInt(kv.modRevision),
    version: BigInt(kv.version),
    value: kv.value,
    lease: kv.lease,
  };
}

/** A field of bytes, tag and length before it; nothing where it is empty. */
function writeBytes(out: Uint8Array, at: number, tag: number, bytes: Uint8Array): number {
  if (bytes.length === 0) return at;
  out[at] = tag;
  const next = writeVarint(out, at + 1, bytes.length);
  out.set(bytes, next);
  return next + bytes.length;
}

function writeNumber(out: Uint8Array, at: number, tag: number, value: number): number {
  if (value === 0) return at;
  out[at] = tag;
  return writeVarint(out, at + 1, value);
}

/** A message within another, tag and length before it. */
export function encodedField(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const out = new Uint8Array(1 + varintBytes(length) + length);
  out[0] = tag;
  let at = writeVarint(out, 1, length);
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
