/** The header `grpc-message`: UTF-8, with everything but printable ASCII as %XX (gRPC over HTTP/2, "Status-Message"). */

const PLAIN = /^[\x20-\x24\x26-\x7e]*$/u;

export function encodeStatusMessage(message: string): string {
  if (PLAIN.test(message)) return message;
  let text = "";
  for (const byte of Buffer.from(message, "utf8")) {
    const isPlain = byte >= 0x20 && byte <= 0x7e && byte !== 0x25;
    text += isPlain ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return text;
}
