/** The header `grpc-message`: UTF-8, with everything but printable ASCII as %XX (gRPC over HTTP/2, "Status-Message"). */
import { STATUS_MESSAGE_BYTES_MAX } from "./limits.ts";

const PLAIN = /^[\x20-\x24\x26-\x7e]*$/u;

/** One that is too long loses its end. */
export function encodeStatusMessage(message: string): string {
  if (message.length <= STATUS_MESSAGE_BYTES_MAX && PLAIN.test(message)) return message;
  let text = "";
  for (const character of message) {
    const encoded = PLAIN.test(character) ? character : percentEncode(character);
    if (text.length + encoded.length > STATUS_MESSAGE_BYTES_MAX) return text + ELLIPSIS;
    text += encoded;
  }
  return text;
}

function percentEncode(character: string): string {
  let text = "";
  for (const byte of Buffer.from(character, "utf8")) {
    text += `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return text;
}

const ELLIPSIS = percentEncode("\u2026");
