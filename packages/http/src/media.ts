/** In which form messages travel: JSON as protobuf defines it, or binary; what a caller sends and what it takes. */
import { BINARY_BYTES_MAX, JSON_BYTES_MAX } from "./limits.ts";
import { header, type Exchange } from "./exchange.ts";
import { HttpError } from "./problem.ts";

export type Encoding = "json" | "binary";

export const MEDIA_TYPES: Readonly<Record<Encoding, string>> = {
  json: "application/json",
  binary: "application/x-protobuf",
};
export const EVENT_STREAM = "text/event-stream";

const ENCODINGS: ReadonlyMap<string, Encoding> = new Map([
  ["application/json", "json"],
  ["application/x-protobuf", "binary"],
  ["application/protobuf", "binary"],
]);

export const BODY_BYTES_MAX: Readonly<Record<Encoding, number>> = {
  json: JSON_BYTES_MAX,
  binary: BINARY_BYTES_MAX,
};

/** Of the body; JSON where nothing is said of an empty one. Throws 415. */
export function requestEncoding(exchange: Exchange): Encoding {
  const coding = header(exchange, "content-encoding") ?? "identity";
  if (coding !== "identity") {
    throw new HttpError(415, "invalid-argument", `send the body as it is, without ${coding}`);
  }
  const type = header(exchange, "content-type");
  if (type === undefined) return "json";
  const encoding = ENCODINGS.get(essence(type));
  if (encoding !== undefined) return encoding;
  throw new HttpError(
    415,
    "invalid-argument",
    `the content type is ${essence(type)}: send ${MEDIA_TYPES.json} or ${MEDIA_TYPES.binary}`,
    { accept: Object.values(MEDIA_TYPES).join(", ") },
  );
}

/** Of a message in the query. Throws 400. */
export function queryEncoding({ query }: Exchange): Encoding {
  const word = query.get("encoding") ?? "json";
  if (word === "json") return "json";
  if (word === "proto") return "binary";
  throw new HttpError(400, "invalid-argument", `encoding is json or proto, and not "${word}"`);
}

/** Of the answer: what the caller takes, of that what it sent. Throws 406. */
export function replyEncoding(exchange: Exchange, sent: Encoding): Encoding {
  const accepted = acceptedTypes(exchange);
  const takes = (encoding: Encoding): boolean =>
    accepted.some((type) => type === "*/*" || type === "application/*" || ENCODINGS.get(type) === encoding);
  const other = sent === "json" ? "binary" : "json";
  if (takes(sent)) return sent;
  if (takes(other)) return other;
  throw notAcceptable(Object.values(MEDIA_TYPES).join(" and "));
}

/** Throws 406. */
export function requireEventStream(exchange: Exchange): void {
  if (acceptedTypes(exchange).some((type) => type === "*/*" || type === "text/*" || type === EVENT_STREAM))
    return;
  throw notAcceptable(EVENT_STREAM);
}

function notAcceptable(offered: string): HttpError {
  return new HttpError(
    406,
    "invalid-argument",
    `what can be had here is ${offered}: say so in Accept, or leave it out`,
  );
}

function acceptedTypes(exchange: Exchange): readonly string[] {
  const accept = header(exchange, "accept")?.trim() ?? "";
  if (accept === "") return ["*/*"];
  return accept
    .split(",")
    .filter((range) => !/;\s*q=0(\.0*)?\s*(;|$)/i.test(range))
    .map(essence);
}

function essence(type: string): string {
  return type.split(";", 1)[0]!.trim().toLowerCase();
}
