import type { ReactNode } from "react";
import { shownText } from "../text/shown-text.ts";
import type { daemon } from "@lattice/proto";
import { useNodeStatus, useStores } from "../data/queries.ts";
import { Icon, type IconName } from "../parts/icon.tsx";
import { toggleTheme, useTheme } from "../parts/theme.ts";
import { Link, useRoute } from "../routing/navigation.tsx";
import { storePath, type Route } from "../routing/route.ts";
import { storeTitle, storeTree } from "../stores/store-tree.ts";
import { shortHex } from "../text/hex.ts";
import { useOpenDialog } from "./shell-dialogs.tsx";

const PLACES: readonly {
  readonly path: string;
  readonly page: Route["page"];
  readonly label: string;
  readonly icon: IconName;
}[] = [
  { path: "/", page: "overview", label: "Overview", icon: "overview" },
  { path: "/stores", page: "stores", label: "Stores", icon: "stores" },
  { path: "/events", page: "events", label: "Events", icon: "events" },
  { path: "/cluster", page: "cluster", label: "Cluster", icon: "cluster" },
];

/** `onMove`: somebody has chosen a place. */
export function Sidebar({ onMove }: { readonly onMove: () => void }): ReactNode {
  const { data: status, error } = useNodeStatus();
  const route = useRoute();
  const openDialog = useOpenDialog();
  return (
    <div className="sidebar-inner">
      <NodeMark status={status} isAway={error !== null} />
      <nav aria-label="Places">
        <ul className="places">
          {PLACES.map(({ path, page, label, icon }) => (
            <li key={path}>
              <Link to={path} onClick={onMove} aria-current={route.page === page ? "page" : undefined}>
                <Icon name={icon} />
                <span>{label}</span>
              </Link>
            </li>
          ))}
        </ul>
      </nav>
      <div className="sidebar-head">
        <h2 id="sidebar-stores">Stores</h2>
        <button
          type="button"
          className="button button-quiet button-icon"
          aria-label="Create a store"
          title="Create a store"
          onClick={() => openDialog({ kind: "create" })}
        >
          <Icon name="plus" />
        </button>
        <button
          type="button"
          className="button button-quiet button-icon"
          aria-label="Join a store"
          title="Join a store"
          onClick={() => openDialog({ kind: "join" })}
        >
          <Icon name="join" />
        </button>
      </div>
      <StoreLinks route={route} onMove={onMove} />
      <SidebarFoot version={status?.version} />
    </div>
  );
}

function NodeMark({
  status,
  isAway,
}: {
  readonly status: daemon.NodeStatus | undefined;
  readonly isAway: boolean;
}): ReactNode {
  return (
    <div className="node-mark">
      <img src="/icon.svg" alt="" width="26" height="26" />
      <div>
        <strong>
          {status === undefined ? "Lattice" : shownText(status.name) || shortHex(status.publicKey)}
        </strong>
        <span className="node-state">
          <span className={isAway ? "lamp lamp-off" : "lamp lamp-on"} aria-hidden="true" />
          {isAway ? "away" : "running"}
        </span>
      </div>
    </div>
  );
}

function StoreLinks({ route, onMove }: { readonly route: Route; readonly onMove: () => void }): ReactNode {
  const { data: stores = [] } = useStores();
  const open = route.page === "store" ? route.store : "";
  return (
    <nav aria-labelledby="sidebar-stores" className="store-links">
      <ul>
        {storeTree(stores).map(({ store, id, depth }) => (
          <li key={id}>
            <Link
              to={storePath(id)}
              onClick={onMove}
              className={`indent-${Math.min(depth, 5)}`}
              aria-current={open === id ? "page" : undefined}
              title={`${store.type} ${id}`}
            >
              <span className="store-link-name">{storeTitle(store)}</span>
              {store.problem === "" ? null : (
                <span className="store-problem" title={store.problem}>
                  <Icon name="warning" />
                  <span className="hidden-text">has a problem</span>
                </span>
              )}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}

function SidebarFoot({ version }: { readonly version: string | undefined }): ReactNode {
  const theme = useTheme();
  const openDialog = useOpenDialog();
  const other = theme === "dark" ? "light" : "dark";
  return (
    <div className="sidebar-foot">
      <button
        type="button"
        className="button button-quiet button-icon"
        aria-label={`Switch to ${other}`}
        title={`Switch to ${other} (t)`}
        onClick={toggleTheme}
      >
        <Icon name={theme === "dark" ? "sun" : "moon"} />
      </button>
      <button
        type="button"
        className="button button-quiet button-icon"
        aria-label="Keys of this page"
        title="Keys of this page (?)"
        onClick={() => openDialog({ kind: "help" })}
      >
        <Icon name="help" />
      </button>
      <button
        type="button"
        className="button button-quiet go-to"
        onClick={() => openDialog({ kind: "palette" })}
      >
        <Icon name="search" />
        <span className="hidden-text">Go to, by</span>
        <kbd>Ctrl K</kbd>
      </button>
      <span className="muted version">{version === undefined ? "" : `v${version}`}</span>
    </div>
  );
}
