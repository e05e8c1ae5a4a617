/** Messages as bytes, with the errors that a call fails with when they do not fit. */
import type { IMessageType } from "@protobuf-ts/runtime";
import { LatticeError, type ErrorCode } from "@lattice/model/errors";
import { oneLine } from "./call-error.ts";
import { MESSAGE_BYTES_MAX } from "./limits.ts";

/** Throws `too-large`, and `onMisfit` for values of a wrong type. */
export function encodeMessage(type: IMessageType<any>, message: object, onMisfit: ErrorCode): Uint8Array {
  let bytes: Uint8Array;
  try {
    bytes = type.toBinary(message);
  } catch (error) {
    throw misfit(type, "has a value of a wrong type", error, onMisfit);
  }
  if (bytes.length > MESSAGE_BYTES_MAX) {
    throw new LatticeError(
      "too-large",
      `${type.typeName} of ${bytes.length} bytes; at most ${MESSAGE_BYTES_MAX}`,
    );
  }
  return bytes;
}

/** Throws `onMisfit` for bytes that are no such message. */
export function decodeMessage(type: IMessageType<any>, bytes: Uint8Array, onMisfit: ErrorCode): object {
  try {
    // Not a Buffer, or every field of bytes would be one as well.
    return type.fromBinary(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  } catch (error) {
    throw misfit(type, "cannot be decoded", error, onMisfit);
  }
}

function misfit(type: IMessageType<any>, what: string, cause: unknown, code: ErrorCode): LatticeError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new LatticeError(code, oneLine(`${type.typeName} ${what}: ${why}`), { cause });
}
