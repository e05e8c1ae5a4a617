import type { ReactNode } from "react";
import { Icon } from "../parts/icon.tsx";
import { Empty } from "../parts/loading.tsx";
import { useOpenDialog } from "../shell/shell-dialogs.tsx";

/** What there is to do on a node that is new. */
export function NoStores(): ReactNode {
  const openDialog = useOpenDialog();
  return (
    <Empty>
      <h2>No stores yet</h2>
      <p>
        A store is data that several nodes share. Create one here, or join one that somebody has invited you
        to.
      </p>
      <p className="empty-actions">
        <button
          type="button"
          className="button button-primary"
          onClick={() => openDialog({ kind: "create" })}
        >
          <Icon name="plus" /> Create a store
        </button>
        <button type="button" className="button" onClick={() => openDialog({ kind: "join" })}>
          <Icon name="join" /> Join with a token
        </button>
      </p>
    </Empty>
  );
}
