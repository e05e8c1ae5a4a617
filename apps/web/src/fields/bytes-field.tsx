/** Bytes to be typed, as text, hex or base64. Changing the form keeps the bytes, where they can be written in it. */
import { useId, type KeyboardEvent, type ReactNode } from "react";
import { BYTES_FORMS, readBytes, writeBytes, type BytesForm } from "../text/bytes-text.ts";

export interface BytesDraft {
  readonly text: string;
  readonly form: BytesForm;
}

export interface BytesFieldProps {
  readonly label: string;
  readonly draft: BytesDraft;
  readonly onChange: (draft: BytesDraft) => void;
  readonly isLabelHidden?: boolean;
  readonly isSearch?: boolean;
  readonly placeholder?: string;
  /** More than one: several lines. */
  readonly rows?: number;
  readonly help?: ReactNode;
  readonly mistake?: string | undefined;
  readonly onSubmit?: () => void;
  readonly autoFocus?: boolean;
}

export function BytesField(props: BytesFieldProps): ReactNode {
  const { label, draft, onChange, help, mistake, placeholder } = props;
  const id = useId();
  const submit = (event: KeyboardEvent): void => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    props.onSubmit?.();
  };
  const shared = {
    id,
    className: "mono",
    spellCheck: false,
    autoComplete: "off",
    autoFocus: props.autoFocus,
    placeholder,
    value: draft.text,
    "aria-invalid": mistake !== undefined,
    "aria-describedby": mistake === undefined ? undefined : `${id}-mistake`,
    onKeyDown: submit,
  };
  const change = (text: string): void => onChange({ ...draft, text });
  return (
    <div className="field bytes-field">
      <div className="bytes-head">
        <label htmlFor={id} className={props.isLabelHidden === true ? "hidden-text" : undefined}>
          {label}
        </label>
        <select
          className="form-select"
          aria-label={`Form of ${label}`}
          value={draft.form}
          onChange={(event) => onChange(inForm(draft, event.target.value as BytesForm))}
        >
          {BYTES_FORMS.map((form) => (
            <option key={form} value={form}>
              {form}
            </option>
          ))}
        </select>
      </div>
      {props.rows === undefined ? (
        <input
          type={props.isSearch === true ? "search" : "text"}
          {...shared}
          {...(props.isSearch === true ? { "data-search": "" } : {})}
          onChange={(event) => change(event.target.value)}
        />
      ) : (
        <textarea rows={props.rows} {...shared} onChange={(event) => change(event.target.value)} />
      )}
      {help === undefined ? null : <p className="field-help">{help}</p>}
      {mistake === undefined ? null : (
        <p className="field-mistake" id={`${id}-mistake`} role="alert">
          {mistake}
        </p>
      )}
    </div>
  );
}

function inForm(draft: BytesDraft, form: BytesForm): BytesDraft {
  const bytes = readBytes(draft.text, draft.form);
  const text = bytes === undefined ? undefined : writeBytes(bytes, form);
  return { form, text: text ?? draft.text };
}
