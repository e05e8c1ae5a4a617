import type { ReactNode } from "react";
import { useStores } from "../data/queries.ts";
import { Icon } from "../parts/icon.tsx";
import { Loading } from "../parts/loading.tsx";
import { Problem } from "../parts/notice.tsx";
import { PageHead } from "../parts/page-head.tsx";
import { useOpenDialog } from "../shell/shell-dialogs.tsx";
import { NoStores } from "./no-stores.tsx";
import { StoreTable } from "./store-table.tsx";

export function StoresPage(): ReactNode {
  const { data: stores, error, refetch } = useStores();
  const openDialog = useOpenDialog();
  return (
    <div className="page">
      <PageHead title="Stores">
        <button type="button" className="button" onClick={() => openDialog({ kind: "join" })}>
          <Icon name="join" /> Join
        </button>
        <button
          type="button"
          className="button button-primary"
          onClick={() => openDialog({ kind: "create" })}
        >
          <Icon name="plus" /> Create
        </button>
      </PageHead>
      {stores === undefined ? <Problem error={error} onRetry={() => void refetch()} /> : null}
      {stores === undefined && error === null ? <Loading what="the stores" /> : null}
      {stores === undefined ? null : stores.length === 0 ? <NoStores /> : <StoreTable stores={stores} />}
    </div>
  );
}
