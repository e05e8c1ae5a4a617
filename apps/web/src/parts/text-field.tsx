/** A labelled line of text, with what is wrong with it below. */
import { useId, type ComponentProps, type ReactNode } from "react";

type TextFieldProps = Omit<ComponentProps<"input">, "onChange" | "value"> & {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly help?: ReactNode;
  readonly mistake?: string | undefined;
};

export function TextField({ label, value, onChange, help, mistake, ...rest }: TextFieldProps): ReactNode {
  const id = useId();
  const notes = [help === undefined ? "" : `${id}-help`, mistake === undefined ? "" : `${id}-mistake`];
  const describedBy = notes.filter((note) => note !== "").join(" ");
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        type="text"
        autoComplete="off"
        spellCheck={false}
        value={value}
        onChange={(event) => onChange(event.target.value)}
        aria-invalid={mistake !== undefined}
        {...(describedBy === "" ? {} : { "aria-describedby": describedBy })}
        {...rest}
      />
      {help === undefined ? null : (
        <p className="field-help" id={`${id}-help`}>
          {help}
        </p>
      )}
      {mistake === undefined ? null : (
        <p className="field-mistake" id={`${id}-mistake`} role="alert">
          {mistake}
        </p>
      )}
    </div>
  );
}
