/**
 * Messages as JSON, as protobuf-ts writes them, but for bytes: it makes their base64 character by character, which takes the better
 * part of a second for a large value, during which nothing else happens.
 */
import {
  MessageType,
  ReflectionJsonWriter,
  ScalarType,
  type IMessageType,
  type JsonValue,
  type JsonWriteOptions,
} from "@protobuf-ts/runtime";

const OPTIONS = { emitDefaultValues: true, enumAsInteger: false, useProtoFieldName: false };

/** What is empty is written, too: whoever reads it need not know what its absence means. */
export function toJson(type: IMessageType<object>, message: object): JsonValue {
  return writerOf(type).write(message, OPTIONS);
}

const writers = new WeakMap<IMessageType<object>, Writer>();

function writerOf(type: IMessageType<object>): Writer {
  let writer = writers.get(type);
  if (writer === undefined) writers.set(type, (writer = new Writer(type)));
  return writer;
}

class Writer extends ReflectionJsonWriter {
  override message(
    type: IMessageType<object>,
    value: unknown,
    fieldName: string,
    options: JsonWriteOptions,
  ): JsonValue | undefined {
    // Types such as google.protobuf.Timestamp have a form of their own.
    const isPlain = type.internalJsonWrite === MessageType.prototype.internalJsonWrite;
    if (!isPlain || value === undefined) return super.message(type, value, fieldName, options);
    return toJson(type, value as object);
  }

  override scalar(
    type: ScalarType,
    value: unknown,
    fieldName: string,
    optional: boolean,
    emitDefaultValues: boolean,
  ): JsonValue {
    if (type !== ScalarType.BYTES || !(value instanceof Uint8Array) || value.length === 0) {
      return super.scalar(type, value, fieldName, optional, emitDefaultValues) as JsonValue;
    }
    return Buffer.from(value.buffer, value.byteOffset, value.length).toString("base64");
  }
}
