/** One value as text for a person. */
import { ScalarType, type FieldInfo } from "@protobuf-ts/runtime";
import { hlcToMs, ID_BYTES, toHex } from "@lattice/model";
import { elementToJson } from "../fields/json.ts";
import { elementOf, isRepeated, type ElementInfo } from "../fields/message.ts";
import { enumName, isIdField, timeFormOf } from "../fields/names.ts";
import { decodePrintable, escapeText } from "./text.ts";

/** Enough to name one among a million, and accepted wherever an id may be shortened. */
const SHORT_HEX_DIGITS = 8;
/** What a time stamp takes at the start of an intention's id, which would make all of one day look alike. */
const ID_TIME_BYTES = 8;

export interface ValueOptions {
  /** Whole ids, instead of their first digits. */
  readonly verbose: boolean;
  /** In one line, as in a table. */
  readonly inline: boolean;
  /** Default: text. */
  readonly bytes?: BytesForm;
  /** Whether what is long may be cut, where it stands in one line with others. */
  readonly isCut?: boolean;
}

/** Of what is cut so much is shown, in characters. */
const CUT_CHARACTERS = 160;

/** How bytes that are no ids are shown: `text` where they can be, else hex. */
export type BytesForm = "text" | "hex" | "base64";

export function shortHex(bytes: Uint8Array): string {
  const distinct = bytes.length === ID_BYTES ? bytes.subarray(ID_TIME_BYTES) : bytes;
  return toHex(distinct).slice(0, SHORT_HEX_DIGITS);
}

/** "" where there is nothing to show. */
export function formatValue(field: FieldInfo, value: unknown, options: ValueOptions): string {
  if (value === undefined || value === null) return "";
  const one = (item: unknown) => formatElement(field, item, options);
  if (field.kind === "map") {
    const entries = Object.entries(value as Record<string, unknown>);
    return entries.map(([key, item]) => `${escapeText(key)}=${one(item)}`).join(", ");
  }
  return isRepeated(field) ? (value as unknown[]).map(one).join(", ") : one(value);
}

export function formatElement(field: FieldInfo, value: unknown, options: ValueOptions): string {
  const element = elementOf(field);
  switch (element.kind) {
    case "message":
      return escapeText(JSON.stringify(elementToJson(element, value, false)));
    case "enum":
      return enumName(element, value as number);
    case "scalar":
      return formatScalar(element, value, { ...options, field });
  }
}

function formatScalar(
  element: ElementInfo & { kind: "scalar" },
  value: unknown,
  options: ValueOptions & { field: FieldInfo },
): string {
  if (element.T === ScalarType.BYTES) return formatBytes(value as Uint8Array, options);
  if (element.T === ScalarType.STRING) {
    const text = value as string;
    return options.inline ? escapeText(text) : text.split("\n").map(escapeText).join("\n");
  }
  const time = timeFormOf(options.field);
  return time === undefined ? String(value) : formatTime(BigInt(value as bigint), time);
}

function formatTime(value: bigint, form: "ms" | "hlc"): string {
  const ms = form === "hlc" ? hlcToMs(value) : Number(value);
  if (ms === 0) return "";
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? String(value) : date.toISOString();
}

function formatBytes(bytes: Uint8Array, options: ValueOptions & { field: FieldInfo }): string {
  if (isIdField(options.field)) return options.verbose ? toHex(bytes) : shortHex(bytes);
  return bytesText(bytes, options);
}

/** Text if it can be shown, else hex; or in the form that was asked for. */
export function bytesText(
  bytes: Uint8Array,
  options: Pick<ValueOptions, "inline" | "bytes" | "isCut">,
): string {
  const isCut = options.inline && options.isCut === true;
  // A part of it is enough to show a part; of text, characters at its end may be missing.
  if (isCut && bytes.length > 4 * CUT_CHARACTERS) {
    const part = decoderOfParts.decode(bytes.subarray(0, 4 * CUT_CHARACTERS), { stream: true });
    decoderOfParts.decode();
    const isText = decodePrintable(bytes) !== undefined;
    const shown =
      isText && (options.bytes ?? "text") === "text"
        ? escapeText(part)
        : wholeText(bytes.subarray(0, CUT_CHARACTERS), options);
    return `${shown.slice(0, CUT_CHARACTERS)}… (${bytes.length} bytes)`;
  }
  return wholeText(bytes, options);
}

const decoderOfParts = new TextDecoder();

function wholeText(bytes: Uint8Array, options: Pick<ValueOptions, "inline" | "bytes">): string {
  if (options.bytes === "hex") return toHex(bytes);
  if (options.bytes === "base64") return Buffer.from(bytes).toString("base64");
  const text = decodePrintable(bytes);
  if (text === undefined) return `0x${toHex(bytes)}`;
  return options.inline ? escapeText(text) : text;
}

/** As it must be typed to come back, such as the cursor of a next page. */
export function formatForInput(bytes: Uint8Array): string {
  const text = decodePrintable(bytes);
  return text !== undefined && /^[\w./-]+$/.test(text) ? text : `hex:${toHex(bytes)}`;
}
