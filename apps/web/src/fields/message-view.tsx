/** Any message, to be read: its fields line by line, lists of messages as tables. */
import type { FieldInfo } from "@protobuf-ts/runtime";
import { useState, type ReactNode } from "react";
import type { Message, MessageType } from "../data/store-methods.ts";
import { CopyButton } from "../parts/copy-button.tsx";
import { Hash } from "../parts/hash.tsx";
import { bytesLine, naturalForm, writeBytes } from "../text/bytes-text.ts";
import { hlcToMs, timeText } from "../text/times.ts";
import {
  elementOf,
  enumName,
  isIdField,
  isRepeated,
  labelOf,
  timeFormOf,
  valueOf,
  type Element,
} from "./field.ts";
import { messageJson } from "./message-json.ts";

export interface MessageViewProps {
  readonly type: MessageType;
  readonly message: Message;
}

/** With a look at all of it as JSON, to be copied. */
export function MessageView({ type, message }: MessageViewProps): ReactNode {
  const [isRaw, setIsRaw] = useState(false);
  const json = JSON.stringify(messageJson(type, message), null, 2);
  return (
    <div className="message-view">
      <div className="message-tools">
        <button
          type="button"
          className="button button-quiet"
          aria-pressed={isRaw}
          onClick={() => setIsRaw(!isRaw)}
        >
          JSON
        </button>
        <CopyButton text={json} what="it as JSON" />
      </div>
      {isRaw ? (
        <pre className="json" tabIndex={0} aria-label="The message as JSON">
          {json}
        </pre>
      ) : (
        <FieldList type={type} message={message} />
      )}
    </div>
  );
}

function FieldList({ type, message }: MessageViewProps): ReactNode {
  if (type.fields.length === 0) return <p className="muted">Done; there is nothing to tell.</p>;
  return (
    <dl className="message-fields">
      {type.fields.map((field) => (
        <div key={field.no}>
          <dt>{labelOf(field)}</dt>
          <dd>
            <FieldValue field={field} value={valueOf(message, field)} />
          </dd>
        </div>
      ))}
    </dl>
  );
}

function FieldValue({ field, value }: { readonly field: FieldInfo; readonly value: unknown }): ReactNode {
  if (value === undefined) return <span className="muted">not given</span>;
  const element = elementOf(field);
  if (field.kind === "map") return <MapValue field={field} entries={Object.entries(value as object)} />;
  if (!isRepeated(field)) return <ElementValue field={field} value={value} />;
  const items = value as readonly unknown[];
  if (items.length === 0) return <span className="muted">none</span>;
  if (element.kind === "message")
    return <MessageTable type={element.T()} messages={items as readonly Message[]} label={labelOf(field)} />;
  return (
    <ul className="plain-list">
      {items.map((item, at) => (
        <li key={at}>
          <ElementValue field={field} value={item} />
        </li>
      ))}
    </ul>
  );
}

function MapValue({
  field,
  entries,
}: {
  readonly field: FieldInfo;
  readonly entries: readonly (readonly [string, unknown])[];
}): ReactNode {
  if (entries.length === 0) return <span className="muted">none</span>;
  return (
    <dl className="message-fields">
      {entries.map(([key, value]) => (
        <div key={key}>
          <dt>{key}</dt>
          <dd>
            <ElementValue field={field} value={value} />
          </dd>
        </div>
      ))}
    </dl>
  );
}

interface MessageTableProps {
  readonly type: MessageType;
  readonly messages: readonly Message[];
  readonly label: string;
}

function MessageTable({ type, messages, label }: MessageTableProps): ReactNode {
  return (
    <div className="table-scroll" tabIndex={0} role="region" aria-label={label}>
      <table className="table">
        <thead>
          <tr>
            {type.fields.map((field) => (
              <th key={field.no} scope="col">
                {labelOf(field)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {messages.map((message, at) => (
            <tr key={at}>
              {type.fields.map((field) => (
                <td key={field.no}>
                  <FieldValue field={field} value={valueOf(message, field)} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function ElementValue({ field, value }: { readonly field: FieldInfo; readonly value: unknown }): ReactNode {
  const element = elementOf(field);
  if (element.kind === "message") return <FieldList type={element.T()} message={value as Message} />;
  if (value instanceof Uint8Array) return <BytesValue field={field} bytes={value} />;
  return <span className="scalar">{scalarText(field, element, value)}</span>;
}

function scalarText(field: FieldInfo, element: Element, value: unknown): string {
  if (element.kind === "enum") return enumName(element, value as number);
  const time = timeFormOf(field);
  if (time !== undefined)
    return timeText(time === "hlc" ? hlcToMs(BigInt(value as bigint)) : Number(value)) || "0";
  return String(value);
}

function BytesValue({ field, bytes }: { readonly field: FieldInfo; readonly bytes: Uint8Array }): ReactNode {
  if (bytes.length === 0) return <span className="muted">empty</span>;
  if (isIdField(field)) return <Hash bytes={bytes} what={labelOf(field)} />;
  const text = writeBytes(bytes, naturalForm(bytes)) ?? bytesLine(bytes);
  return <span className="bytes-value">{text}</span>;
}

/** One line for one message of a stream. */
export function messageLine(type: MessageType, message: Message): string {
  return JSON.stringify(messageJson(type, message));
}
