/** The frame of the page: who is looking, where they are, and what is open over it. */
import { useEffect, useRef, useState, type ReactNode } from "react";
import { shownText } from "../text/shown-text.ts";
import { isSignedOut } from "../connection/call-problem.ts";
import { keys, useNodeStatus } from "../data/queries.ts";
import { queryClient } from "../data/query-client.ts";
import { useEventStream } from "../events/event-feed.ts";
import { Icon } from "../parts/icon.tsx";
import { toggleTheme } from "../parts/theme.ts";
import { JoinDialog } from "../peers/join-dialog.tsx";
import { navigate, useRoute } from "../routing/navigation.tsx";
import { formatRoute } from "../routing/route.ts";
import { CreateStoreDialog } from "../stores/create-store-dialog.tsx";
import { ConnectionBar } from "./connection-bar.tsx";
import { HelpDialog } from "./help-dialog.tsx";
import { PageBoundary } from "./page-boundary.tsx";
import { Palette } from "./palette.tsx";
import { RoutedPage } from "./routed-page.tsx";
import { ShellDialogs, type ShellDialog } from "./shell-dialogs.tsx";
import { useShortcuts, type Shortcut } from "./shortcuts.ts";
import { Sidebar } from "./sidebar.tsx";
import { SignIn } from "./sign-in.tsx";

export function App(): ReactNode {
  const { data: status, error } = useNodeStatus();
  useReadAnewOnReturn();
  useEventStream(status !== undefined && !isSignedOut(error));
  if (isSignedOut(error)) return <SignIn />;
  return <Frame />;
}

/** A node that was away may hold other stores when it is back, and run other code when it started anew. */
function useReadAnewOnReturn(): void {
  const { data: status, error } = useNodeStatus();
  const isAway = error !== null;
  const wasAway = useRef(false);
  const startedMs = useRef(status?.startedMs);
  useEffect(() => {
    if (isAway || status === undefined) {
      wasAway.current = isAway;
      return;
    }
    const isOther = startedMs.current !== undefined && startedMs.current !== status.startedMs;
    startedMs.current = status.startedMs;
    if (wasAway.current || isOther) {
      wasAway.current = false;
      void queryClient.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== keys.node[0] });
    }
  }, [isAway, status]);
}

function Frame(): ReactNode {
  const [dialog, setDialog] = useState<ShellDialog>();
  const [isNavOpen, setIsNavOpen] = useState(false);
  const route = useRoute();
  const place = formatRoute(route);
  const shortcuts = shortcutsOf(setDialog);
  const close = (): void => setDialog(undefined);
  useShortcuts(shortcuts);
  useHeadingFocus(route.page === "store" ? route.store : route.page);
  return (
    <ShellDialogs open={setDialog}>
      <a className="skip-link" href="#content">
        Skip to the content
      </a>
      <div className={isNavOpen ? "frame nav-open" : "frame"}>
        <PhoneBar isNavOpen={isNavOpen} onToggle={() => setIsNavOpen(!isNavOpen)} />
        <aside className="sidebar" id="sidebar" aria-label="Node and stores">
          <Sidebar onMove={() => setIsNavOpen(false)} />
        </aside>
        <main className="content" id="content">
          <ConnectionBar />
          <PageBoundary place={place}>
            <RoutedPage route={route} />
          </PageBoundary>
        </main>
      </div>
      <OpenDialog dialog={dialog} shortcuts={shortcuts} onClose={close} />
    </ShellDialogs>
  );
}

/** Whoever goes to another place by keys, or listens to the page, goes on at its heading. */
function useHeadingFocus(place: string): void {
  const known = useRef(place);
  useEffect(() => {
    if (known.current === place) return;
    known.current = place;
    document.querySelector<HTMLElement>("#content h1")?.focus({ preventScroll: true });
  }, [place]);
}

function PhoneBar({
  isNavOpen,
  onToggle,
}: {
  readonly isNavOpen: boolean;
  readonly onToggle: () => void;
}): ReactNode {
  const { data: status } = useNodeStatus();
  return (
    <header className="phone-bar">
      <button
        type="button"
        className="button button-quiet button-icon"
        aria-expanded={isNavOpen}
        aria-controls="sidebar"
        aria-label={isNavOpen ? "Close the menu" : "Open the menu"}
        onClick={onToggle}
      >
        <Icon name={isNavOpen ? "close" : "menu"} />
      </button>
      <strong>{shownText(status?.name ?? "") || "Lattice"}</strong>
    </header>
  );
}

interface OpenDialogProps {
  readonly dialog: ShellDialog | undefined;
  readonly shortcuts: readonly Shortcut[];
  readonly onClose: () => void;
}

function OpenDialog({ dialog, shortcuts, onClose }: OpenDialogProps): ReactNode {
  switch (dialog?.kind) {
    case "create":
      return <CreateStoreDialog parent={dialog.parent} onClose={onClose} />;
    case "join":
      return <JoinDialog onClose={onClose} />;
    case "help":
      return <HelpDialog shortcuts={shortcuts} onClose={onClose} />;
    case "palette":
      return <Palette shortcuts={shortcuts} onClose={onClose} />;
    case undefined:
      return null;
  }
}

function shortcutsOf(openDialog: (dialog: ShellDialog) => void): readonly Shortcut[] {
  return [
    { keys: "Ctrl K", what: "go anywhere by name", run: () => openDialog({ kind: "palette" }) },
    { keys: "/", what: "search in what is shown", run: focusSearch },
    { keys: "g o", what: "overview", run: () => navigate("/") },
    { keys: "g s", what: "stores", run: () => navigate("/stores") },
    { keys: "g e", what: "events", run: () => navigate("/events") },
    { keys: "g c", what: "cluster", run: () => navigate("/cluster") },
    { keys: "c", what: "create a store", run: () => openDialog({ kind: "create" }) },
    { keys: "j", what: "join a store", run: () => openDialog({ kind: "join" }) },
    { keys: "[", what: "the tab before", run: () => stepTab(-1) },
    { keys: "]", what: "the next tab", run: () => stepTab(1) },
    { keys: "t", what: "dark or light", run: toggleTheme },
    { keys: "?", what: "this list", run: () => openDialog({ kind: "help" }) },
  ];
}

function focusSearch(): void {
  document.querySelector<HTMLElement>("[data-search]")?.focus();
}

function stepTab(step: number): void {
  const tabs = [...document.querySelectorAll<HTMLElement>("[data-tabs] a")];
  const at = tabs.findIndex((tab) => tab.getAttribute("aria-current") === "page");
  if (at >= 0) tabs[(at + step + tabs.length) % tabs.length]?.click();
}
