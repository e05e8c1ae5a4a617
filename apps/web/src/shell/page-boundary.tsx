/** A fault of the page itself stays where it is: the rest goes on. */
import { Component, type ErrorInfo, type ReactNode } from "react";
import { Notice, Problem } from "../parts/notice.tsx";

interface PageBoundaryProps {
  /** When it changes, what failed is tried anew. */
  readonly place: string;
  readonly children: ReactNode;
}

interface PageBoundaryState {
  readonly error: unknown;
  readonly place: string;
}

export class PageBoundary extends Component<PageBoundaryProps, PageBoundaryState> {
  override state: PageBoundaryState = { error: undefined, place: this.props.place };

  static getDerivedStateFromError(error: unknown): Partial<PageBoundaryState> {
    return { error };
  }

  static getDerivedStateFromProps(
    props: PageBoundaryProps,
    state: PageBoundaryState,
  ): Partial<PageBoundaryState> | null {
    return props.place === state.place ? null : { error: undefined, place: props.place };
  }

  override componentDidCatch(error: unknown, info: ErrorInfo): void {
    // oxlint-disable-next-line no-console -- The one place where a person who debugs the page looks.
    console.error(error, info.componentStack);
  }

  override render(): ReactNode {
    const { error } = this.state;
    if (error === undefined) return this.props.children;
    if (isOfOlderVersion(error)) return <OlderVersion />;
    return (
      <div className="page">
        <Problem
          what="This part of the page failed"
          error={error}
          onRetry={() => this.setState({ error: undefined })}
        />
      </div>
    );
  }
}

/** Parts of the page are loaded when they are wanted; after an update of the node they have other names. */
function isOfOlderVersion(error: unknown): boolean {
  return error instanceof Error && /dynamically imported module|module script failed/i.test(error.message);
}

function OlderVersion(): ReactNode {
  return (
    <div className="page">
      <Notice
        kind="note"
        actions={
          <button type="button" className="button" onClick={() => location.reload()}>
            Load it anew
          </button>
        }
      >
        A part of the page could not be loaded: the node may be away, or run another version by now.
      </Notice>
    </div>
  );
}
