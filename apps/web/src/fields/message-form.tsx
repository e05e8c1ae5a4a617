/** A form for any message: one input for each field, of the kind that its type asks for. */
import type { FieldInfo } from "@protobuf-ts/runtime";
import { ScalarType } from "@protobuf-ts/runtime";
import { useId, type KeyboardEvent, type ReactNode } from "react";
import type { MessageType } from "../data/store-methods.ts";
import { Icon } from "../parts/icon.tsx";
import { BytesField } from "./bytes-field.tsx";
import {
  fieldDraft,
  startOfElement,
  withField,
  type ElementDraft,
  type FieldDraft,
  type MapEntryDraft,
  type MessageDraft,
} from "./draft.ts";
import {
  elementOf,
  enumValues,
  hasPresence,
  helpOf,
  isBytes,
  keyElementOf,
  labelOf,
  type Element,
} from "./field.ts";
import { numberHint } from "./parse-number.ts";
import { joinPath, type FieldPath } from "./parse-draft.ts";

export interface MessageFormProps {
  readonly type: MessageType;
  readonly draft: MessageDraft;
  readonly onChange: (draft: MessageDraft) => void;
  readonly mistakes: ReadonlyMap<FieldPath, string>;
  readonly path?: FieldPath;
  readonly onSubmit: () => void;
}

export function MessageForm({
  type,
  draft,
  onChange,
  mistakes,
  path = "",
  onSubmit,
}: MessageFormProps): ReactNode {
  if (type.fields.length === 0) return <p className="muted">Nothing to fill in.</p>;
  return (
    <div className="message-form">
      {type.fields.map((field) => (
        <FieldForm
          key={field.no}
          field={field}
          draft={fieldDraft(draft, field)}
          onChange={(to) => onChange(withField(draft, type.fields, { field, to }))}
          context={{ mistakes, onSubmit, path: joinPath(path, field.name), help: helpOf(field) }}
        />
      ))}
    </div>
  );
}

interface Context {
  readonly mistakes: ReadonlyMap<FieldPath, string>;
  readonly onSubmit: () => void;
  readonly path: FieldPath;
  readonly help: string;
}

interface FieldFormProps {
  readonly field: FieldInfo;
  readonly draft: FieldDraft;
  readonly onChange: (draft: FieldDraft) => void;
  readonly context: Context;
}

function FieldForm({ field, draft, onChange, context }: FieldFormProps): ReactNode {
  switch (draft.kind) {
    case "single":
      return hasPresence(field) ? (
        <OptionalForm field={field} draft={draft} onChange={onChange} context={context} />
      ) : (
        <ElementForm
          element={elementOf(field)}
          label={labelOf(field)}
          draft={draft.element}
          onChange={(element) => onChange({ ...draft, element })}
          context={context}
        />
      );
    case "list":
      return <ListForm field={field} draft={draft} onChange={onChange} context={context} />;
    case "map":
      return field.kind === "map" ? (
        <MapForm field={field} draft={draft} onChange={onChange} context={context} />
      ) : null;
  }
}

/** A field that may be left out: a tick says whether it is there. Of a oneof, at most one is. */
function OptionalForm(
  props: FieldFormProps & { readonly draft: FieldDraft & { kind: "single" } },
): ReactNode {
  const { field, draft, onChange, context } = props;
  const label = labelOf(field);
  return (
    <div className="optional">
      <label className="check">
        <input
          type="checkbox"
          checked={draft.isPresent}
          onChange={(event) => onChange({ ...draft, isPresent: event.target.checked })}
        />
        <span>
          give <strong>{label}</strong>
          {field.oneof === undefined ? "" : <span className="muted"> (one choice of {field.oneof})</span>}
        </span>
      </label>
      {draft.isPresent ? (
        <ElementForm
          element={elementOf(field)}
          label={label}
          draft={draft.element}
          onChange={(element) => onChange({ ...draft, element })}
          context={context}
        />
      ) : context.help === "" ? null : (
        <p className="field-help">{context.help}</p>
      )}
    </div>
  );
}

function ListForm(props: FieldFormProps & { readonly draft: FieldDraft & { kind: "list" } }): ReactNode {
  const { field, draft, onChange, context } = props;
  const element = elementOf(field);
  const label = labelOf(field);
  const change = (items: readonly ElementDraft[]): void => onChange({ kind: "list", items });
  return (
    <fieldset className="list-form">
      <legend>{label}</legend>
      {context.help === "" ? null : <p className="field-help">{context.help}</p>}
      {draft.items.map((item, at) => (
        // An item has no name but its place.
        <div className="list-item" key={at}>
          <ElementForm
            element={element}
            label={`${label} ${at + 1}`}
            draft={item}
            onChange={(next) => change(draft.items.with(at, next))}
            context={{ ...context, path: joinPath(context.path, at), help: "" }}
          />
          <button
            type="button"
            className="button button-quiet button-icon"
            aria-label={`Remove ${label} ${at + 1}`}
            onClick={() => change(draft.items.toSpliced(at, 1))}
          >
            <Icon name="close" />
          </button>
        </div>
      ))}
      <button
        type="button"
        className="button"
        onClick={() => change([...draft.items, startOfElement(element)])}
      >
        <Icon name="plus" /> Add {label}
      </button>
    </fieldset>
  );
}

function MapForm(
  props: FieldFormProps & {
    readonly field: FieldInfo & { kind: "map" };
    readonly draft: FieldDraft & { kind: "map" };
  },
): ReactNode {
  const { field, draft, onChange, context } = props;
  const label = labelOf(field);
  const keyElement = keyElementOf(field);
  const change = (entries: readonly MapEntryDraft[]): void => onChange({ kind: "map", entries });
  const start: MapEntryDraft = { key: startOfElement(keyElement), value: startOfElement(field.V) };
  return (
    <fieldset className="list-form">
      <legend>{label}</legend>
      {context.help === "" ? null : <p className="field-help">{context.help}</p>}
      {draft.entries.map((entry, at) => {
        const place = joinPath(context.path, at);
        return (
          <div className="list-item map-item" key={at}>
            <ElementForm
              element={keyElement}
              label={`key ${at + 1}`}
              draft={entry.key}
              onChange={(key) => change(draft.entries.with(at, { ...entry, key }))}
              context={{ ...context, path: joinPath(place, "key"), help: "" }}
            />
            <ElementForm
              element={field.V}
              label={`value ${at + 1}`}
              draft={entry.value}
              onChange={(value) => change(draft.entries.with(at, { ...entry, value }))}
              context={{ ...context, path: joinPath(place, "value"), help: "" }}
            />
            <button
              type="button"
              className="button button-quiet button-icon"
              aria-label={`Remove entry ${at + 1} of ${label}`}
              onClick={() => change(draft.entries.toSpliced(at, 1))}
            >
              <Icon name="close" />
            </button>
          </div>
        );
      })}
      <button type="button" className="button" onClick={() => change([...draft.entries, start])}>
        <Icon name="plus" /> Add to {label}
      </button>
    </fieldset>
  );
}

interface ElementFormProps {
  readonly element: Element;
  readonly label: string;
  readonly draft: ElementDraft;
  readonly onChange: (draft: ElementDraft) => void;
  readonly context: Context;
}

function ElementForm({ element, label, draft, onChange, context }: ElementFormProps): ReactNode {
  switch (draft.kind) {
    case "bool":
      return (
        <label className="check">
          <input
            type="checkbox"
            checked={draft.checked}
            onChange={(event) => onChange({ kind: "bool", checked: event.target.checked })}
          />
          <span>
            {label}
            {context.help === "" ? null : <span className="muted"> {context.help}</span>}
          </span>
        </label>
      );
    case "enum":
      return element.kind === "enum" ? (
        <EnumForm element={element} label={label} draft={draft} onChange={onChange} context={context} />
      ) : null;
    case "message":
      return element.kind === "message" ? (
        <fieldset className="nested-form">
          <legend>{label}</legend>
          <MessageForm
            type={element.T()}
            draft={draft.message}
            onChange={(message) => onChange({ kind: "message", message })}
            mistakes={context.mistakes}
            path={context.path}
            onSubmit={context.onSubmit}
          />
        </fieldset>
      ) : null;
    case "text":
      return <TextForm element={element} label={label} draft={draft} onChange={onChange} context={context} />;
  }
}

function EnumForm(
  props: ElementFormProps & {
    readonly element: Element & { kind: "enum" };
    readonly draft: ElementDraft & { kind: "enum" };
  },
): ReactNode {
  const { element, label, draft, onChange, context } = props;
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <select
        id={id}
        value={draft.number}
        onChange={(event) => onChange({ kind: "enum", number: Number(event.target.value) })}
      >
        {enumValues(element).map(([name, number]) => (
          <option key={name} value={number}>
            {name}
          </option>
        ))}
      </select>
      <Below id={id} context={context} />
    </div>
  );
}

function TextForm(props: ElementFormProps & { readonly draft: ElementDraft & { kind: "text" } }): ReactNode {
  const { element, label, draft, onChange, context } = props;
  const id = useId();
  const mistake = context.mistakes.get(context.path);
  if (isBytes(element)) {
    return (
      <BytesField
        label={label}
        draft={{ text: draft.text, form: draft.form ?? "text" }}
        onChange={({ text, form }) => onChange({ kind: "text", text, form })}
        help={context.help === "" ? undefined : context.help}
        mistake={mistake}
        onSubmit={context.onSubmit}
      />
    );
  }
  const isNumber = element.kind === "scalar" && element.T !== ScalarType.STRING;
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    context.onSubmit();
  };
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        type="text"
        inputMode={isNumber ? "decimal" : "text"}
        autoComplete="off"
        spellCheck={false}
        className={isNumber ? "mono" : undefined}
        placeholder={element.kind === "scalar" && isNumber ? numberHint(element.T) : undefined}
        value={draft.text}
        aria-invalid={mistake !== undefined}
        aria-describedby={`${id}-below`}
        onChange={(event) => onChange({ ...draft, text: event.target.value })}
        onKeyDown={onKeyDown}
      />
      <Below id={id} context={context} />
    </div>
  );
}

function Below({ id, context }: { readonly id: string; readonly context: Context }): ReactNode {
  const mistake = context.mistakes.get(context.path);
  return (
    <div id={`${id}-below`}>
      {context.help === "" ? null : <p className="field-help">{context.help}</p>}
      {mistake === undefined ? null : (
        <p className="field-mistake" role="alert">
          {mistake}
        </p>
      )}
    </div>
  );
}
