/** A button for what cannot be undone: it asks once more, at its own place. */
import { useState, type ReactNode } from "react";

export interface ConfirmButtonProps {
  readonly children: ReactNode;
  /** What is about to happen, as a question. */
  readonly question: string;
  /** The word on the button that does it. */
  readonly verb: string;
  readonly onConfirm: () => void;
  readonly disabled?: boolean;
}

export function ConfirmButton({
  children,
  question,
  verb,
  onConfirm,
  disabled = false,
}: ConfirmButtonProps): ReactNode {
  const [isAsking, setIsAsking] = useState(false);
  if (!isAsking) {
    return (
      <button type="button" className="button" disabled={disabled} onClick={() => setIsAsking(true)}>
        {children}
      </button>
    );
  }
  const confirm = (): void => {
    setIsAsking(false);
    onConfirm();
  };
  return (
    <span className="confirm" role="group" aria-label={question}>
      <span>{question}</span>
      <button type="button" className="button button-danger" onClick={confirm}>
        {verb}
      </button>
      <button type="button" className="button" autoFocus onClick={() => setIsAsking(false)}>
        No
      </button>
    </span>
  );
}
