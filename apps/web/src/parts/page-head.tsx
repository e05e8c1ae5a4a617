import { useEffect, type ReactNode } from "react";

export interface PageHeadProps {
  readonly title: string;
  readonly note?: ReactNode;
  readonly children?: ReactNode;
}

/** The head of a place, which also names the tab. */
export function PageHead({ title, note, children }: PageHeadProps): ReactNode {
  usePageTitle(title);
  return (
    <header className="page-head">
      <div className="page-title">
        <h1 tabIndex={-1}>{title}</h1>
        {note === undefined ? null : <p className="muted">{note}</p>}
      </div>
      {children === undefined ? null : <div className="page-actions">{children}</div>}
    </header>
  );
}

export function usePageTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · Lattice`;
  }, [title]);
}
