/** Messages out of bodies and into them. */
import { decodeMessage, encodeMessage, oneLine } from "@lattice/api";
import { LatticeError } from "@lattice/model";
import type { IMessageType } from "@protobuf-ts/runtime";
import { toJson } from "./json-writer.ts";
import { JSON_BYTES_MAX } from "./limits.ts";
import type { Encoding } from "./media.ts";

type Type = IMessageType<object>;

/** An empty body is an empty message. Throws `invalid-argument`. */
export function decodeBody(type: Type, body: Uint8Array, encoding: Encoding): object {
  if (body.length === 0) return type.create();
  if (encoding === "binary") return decodeMessage(type, body, "invalid-argument");
  return decodeJson(type, utf8Text(body));
}

/** Of the query of a link: JSON, or binary in base64url. Throws `invalid-argument`. */
export function decodeQuery(type: Type, text: string, encoding: Encoding): object {
  if (text === "") return type.create();
  if (encoding === "json") return decodeJson(type, text);
  if (!/^[\w-]*={0,2}$/.test(text)) {
    throw new LatticeError("invalid-argument", "the message in the query is not in base64url");
  }
  return decodeMessage(type, Buffer.from(text, "base64url"), "invalid-argument");
}

/** Throws `too-large`. */
export function encodeBody(type: Type, message: object, encoding: Encoding): Uint8Array | string {
  return encoding === "binary" ? encodeMessage(type, message, "internal") : encodeJson(type, message);
}

/** As the data of a server-sent event, which is text. Throws `too-large`. */
export function encodeEvent(type: Type, message: object, encoding: Encoding): string {
  if (encoding === "json") return encodeJson(type, message);
  return Buffer.from(encodeMessage(type, message, "internal")).toString("base64");
}

/** On one line. Throws `too-large`. */
function encodeJson(type: Type, message: object): string {
  const text = JSON.stringify(toJson(type, message));
  if (text.length <= JSON_BYTES_MAX) return text;
  throw new LatticeError(
    "too-large",
    `${type.typeName} of ${text.length} characters; at most ${JSON_BYTES_MAX}`,
  );
}

/** What is unknown is refused: a field that is misspelt would else be left out in silence. */
function decodeJson(type: Type, text: string): object {
  try {
    return type.fromJsonString(text, { ignoreUnknownFields: false });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new LatticeError("invalid-argument", oneLine(`this is no ${type.typeName}: ${why}`), { cause });
  }
}

function utf8Text(body: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(body);
  } catch (cause) {
    throw new LatticeError("invalid-argument", "the body is not UTF-8", { cause });
  }
}
