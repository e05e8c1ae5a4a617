/**
 * A message for a person, from reflection alone.
 *
 *   one field with something in it        its bare value; a list one a line, messages as a table
 *   several                               a line each, tables below
 *   a bool that is true                   a note
 *   a token for the next page             a note
 *   nothing, where something could be     `missing`
 */
import type { FieldInfo } from "@protobuf-ts/runtime";
import { hasPresence, isBool, isMark, isPopulated, isRepeated, valueOf } from "../fields/message.ts";
import type { Message, MessageType } from "../fields/message.ts";
import { helpOf, isIdField, isTokenField, kebabCase, labelOf } from "../fields/names.ts";
import { alignRows } from "./table.ts";
import { plainPaint, type Paint } from "./paint.ts";
import { formatElement, formatForInput, formatValue, type BytesForm } from "./value.ts";

export interface Rendering {
  readonly lines: readonly string[];
  /** For stderr. */
  readonly notes: readonly string[];
  /** The reply could have held something, and holds nothing. */
  readonly missing: boolean;
}

export interface RenderOptions {
  /** Ids in full, and what is left out by default. */
  readonly verbose: boolean;
  readonly bytes?: BytesForm;
  readonly paint?: Paint;
  /** Whether long values in tables may be cut. */
  readonly isCut?: boolean;
}

/** Messages within messages become columns; so deep, and JSON from there. */
const FLATTEN_DEPTH_MAX = 2;

export function renderReply(type: MessageType, message: object, options: RenderOptions): Rendering {
  const marks = type.fields.filter(isMark);
  const data = type.fields.filter((field) => !marks.includes(field));
  if (data.length === 0) return { lines: renderMarks(marks, message), notes: [], missing: false };
  const tokens = options.verbose ? [] : data.filter(isTokenField);
  const shown = data.filter((field) => !tokens.includes(field) || data.length === 1);
  return {
    lines: renderFields(shown, message, options),
    notes: [
      ...marks.filter((field) => isPopulated(message, field)).map(markNote),
      ...tokenNotes(tokens, message),
    ],
    missing: data.every((field) => hasPresence(field) && valueOf(message, field) === undefined),
  };
}

/**
 * The reply of a command that changes something. Its hash is of use to a program only, and silence is the sign of
 * success.
 */
export function renderCommandReply(type: MessageType, message: object, options: RenderOptions): Rendering {
  if (options.verbose) return { ...renderReply(type, message, options), missing: false };
  const data = type.fields.filter(
    (field) => !isMark(field) && !isIdField(field) && isPopulated(message, field),
  );
  const marks = type.fields.filter((field) => isMark(field) && isPopulated(message, field));
  return { lines: renderFields(data, message, options), notes: marks.map(markNote), missing: false };
}

/** One line for one message of a stream. */
export function renderEvent(type: MessageType, message: object, options: RenderOptions): string {
  const [columns, marks] = columnsOf(type, options);
  const whole = { ...options, isCut: false };
  const cells = columns.map((column) => cellOf(column, message, whole)).filter((cell) => cell !== "");
  return [...cells, ...marksOf(marks, message)].join("  ");
}

/** `name  value` for each field that holds something. */
export function renderBlock(fields: readonly FieldInfo[], message: object, options: RenderOptions): string[] {
  return alignRows(blockRows(fields, message, options));
}

export function blockRows(fields: readonly FieldInfo[], message: object, options: RenderOptions): string[][] {
  const { paint = plainPaint } = options;
  const inline = { ...options, inline: true };
  return fields
    .map((field) => [labelOf(field), formatValue(field, valueOf(message, field), inline)] as const)
    .filter(([, text]) => text !== "")
    .map(([label, text]) => [paint("faint", label), text]);
}

function renderFields(fields: readonly FieldInfo[], message: object, options: RenderOptions): string[] {
  const populated = fields.filter((field) => isPopulated(message, field));
  const only = fields.length === 1 ? fields[0] : populated.length === 1 ? populated[0] : undefined;
  if (only !== undefined) return renderBare(only, valueOf(message, only), options);
  const isTable = (field: FieldInfo) => field.kind === "message" && isRepeated(field);
  const block = renderBlock(
    populated.filter((field) => !isTable(field)),
    message,
    options,
  );
  const tables = populated
    .filter(isTable)
    .flatMap((field) => [
      (options.paint ?? plainPaint)("title", `${kebabCase(field.name)}:`),
      ...renderBare(field, valueOf(message, field), options).map((line) => `  ${line}`),
    ]);
  return [...block, ...tables];
}

function renderBare(field: FieldInfo, value: unknown, options: RenderOptions): string[] {
  if (value === undefined) return [];
  const inline = { ...options, inline: true };
  if (field.kind === "map") {
    const entries = Object.entries(value as Record<string, unknown>);
    return alignRows(entries.map(([key, item]) => [key, formatElement(field, item, inline)]));
  }
  if (field.kind === "message") {
    if (isRepeated(field)) return renderTable(field.T(), value as object[], options);
    const type: MessageType = field.T();
    return renderBlock(type.fields, value as object, options);
  }
  if (isRepeated(field)) return (value as unknown[]).map((item) => formatElement(field, item, inline));
  return [formatElement(field, value, { ...options, inline: false })];
}

function renderMarks(marks: readonly FieldInfo[], message: object): string[] {
  if (marks.length === 1) return [String(valueOf(message, marks[0]!))];
  return alignRows(marks.map((field) => [kebabCase(field.name), String(valueOf(message, field))]));
}

function markNote(field: FieldInfo): string {
  const help = helpOf(field);
  return help === "" ? kebabCase(field.name) : `${kebabCase(field.name)}: ${help}`;
}

function tokenNotes(tokens: readonly FieldInfo[], message: object): string[] {
  return tokens
    .filter((field) => isPopulated(message, field))
    .map((field) => {
      // Requests take as `cursor` what a reply gives as `next`.
      const name = field.name === "next" ? "cursor" : field.name;
      return `there is more; go on with ${name}=${formatForInput(valueOf(message, field) as Uint8Array)}`;
    });
}

interface Column {
  /** Through the messages in between. */
  readonly path: readonly FieldInfo[];
  readonly field: FieldInfo;
}

/** A table with a head line; columns in which nothing stands are left out. */
function renderTable(type: MessageType, rows: readonly object[], options: RenderOptions): string[] {
  const { paint = plainPaint } = options;
  const [columns, marks] = columnsOf(type, options);
  const cells = rows.map((row) => columns.map((column) => cellOf(column, row, options)));
  const filled = columns.map((_, index) => cells.some((row) => row[index] !== ""));
  const body = cells.map((row, index) => [
    ...row.filter((_, column) => filled[column]).map((cell) => (cell === "" ? "-" : cell)),
    ...marksOf(marks, rows[index]!),
  ]);
  const head = columns
    .filter((_, index) => filled[index])
    .map((column) => paint("title", labelOf(column.field).toUpperCase()));
  if (rows.length === 0) return [];
  return alignRows(head.length > 1 ? [head, ...body] : body);
}

function columnsOf(type: MessageType, options: RenderOptions): [columns: Column[], marks: Column[]] {
  const all = flatten(type, []).filter(({ field }) => options.verbose || !isTokenField(field));
  return [all.filter(({ field }) => !isMark(field)), all.filter(({ field }) => isMark(field))];
}

function flatten(type: MessageType, path: readonly FieldInfo[]): Column[] {
  return type.fields.flatMap((field) =>
    field.kind === "message" && !isRepeated(field) && path.length < FLATTEN_DEPTH_MAX
      ? flatten(field.T(), [...path, field])
      : [{ path, field }],
  );
}

function lookUp({ path, field }: Column, message: object): unknown {
  let at: unknown = message;
  for (const step of path) at = at === undefined ? undefined : valueOf(at as Message, step);
  return at === undefined ? undefined : valueOf(at as Message, field);
}

function cellOf(column: Column, message: object, options: RenderOptions): string {
  const value = lookUp(column, message);
  const { field } = column;
  if (isBool(field) && !isRepeated(field)) return value === undefined ? "" : String(value);
  const text = formatValue(field, value, { ...options, inline: true });
  if (text === "" && value !== undefined && hasPresence(field)) return '""';
  return isDefaultEnum(field, value) ? "" : text;
}

/** By custom of the protos, the first value of an enum says that nothing was said. */
function isDefaultEnum(field: FieldInfo, value: unknown): boolean {
  return field.kind === "enum" && value === 0 && !hasPresence(field);
}

function marksOf(marks: readonly Column[], message: object): string[] {
  return marks
    .filter((mark) => lookUp(mark, message) === true)
    .map(({ field }) => `(${kebabCase(field.name)})`);
}
