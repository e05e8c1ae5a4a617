/** Something to be told at its place: a mistake beside what was typed, a failure where its result would stand. */
import type { ReactNode } from "react";
import { problemText } from "../connection/call-problem.ts";
import { Icon } from "./icon.tsx";

export interface NoticeProps {
  readonly kind: "problem" | "warning" | "note" | "success";
  readonly children: ReactNode;
  /** Buttons: what can be done about it. */
  readonly actions?: ReactNode;
}

export function Notice({ kind, children, actions }: NoticeProps): ReactNode {
  return (
    <div className={`notice notice-${kind}`} role={kind === "problem" ? "alert" : "status"}>
      <Icon name={kind === "success" ? "check" : kind === "note" ? "help" : "warning"} />
      <div className="notice-text">{children}</div>
      {actions === undefined ? null : <div className="notice-actions">{actions}</div>}
    </div>
  );
}

export interface ProblemProps {
  readonly error: unknown;
  /** What did not work, in words that go before the reason. */
  readonly what?: string;
  readonly onRetry?: (() => void) | undefined;
  readonly actions?: ReactNode;
}

/** Nothing where there is no error. */
export function Problem({ error, what, onRetry, actions }: ProblemProps): ReactNode {
  if (error === null || error === undefined) return null;
  const retry =
    onRetry === undefined ? null : (
      <button type="button" className="button" onClick={onRetry}>
        Try again
      </button>
    );
  return (
    <Notice
      kind="problem"
      actions={
        retry === null && actions === undefined ? undefined : (
          <>
            {actions}
            {retry}
          </>
        )
      }
    >
      {what === undefined ? null : <strong>{what}: </strong>}
      {problemText(error)}
    </Notice>
  );
}
