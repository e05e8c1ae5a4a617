/** A `RangeResponse`, of key-values that are encoded already. */
import { varintBytes, writeVarint, type RangeResult } from "@lattice/mvcc";

const KVS = 0x12;
const MORE = 0x18;
const COUNT = 0x20;

/** `header` with its tag and length. */
export function encodeRangeResponse(header: Uint8Array, { keyValues, more, count }: RangeResult): Uint8Array {
  let length = header.length + (more ? 2 : 0) + (count > 0 ? 1 + varintBytes(count) : 0);
  for (const { length: bytes } of keyValues) length += 1 + varintBytes(bytes) + bytes;
  const out = Buffer.allocUnsafe(length);
  out.set(header);
  let at = header.length;
  for (const keyValue of keyValues) {
    out[at] = KVS;
    at = writeVarint(out, at + 1, keyValue.length);
    out.set(keyValue, at);
    at += keyValue.length;
  }
  if (more) {
    out[at] = MORE;
    out[at + 1] = 1;
    at += 2;
  }
  if (count > 0) {
    out[at] = COUNT;
    writeVarint(out, at + 1, count);
  }
  return out;
}
