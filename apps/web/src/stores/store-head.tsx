/** Name, id and type of a store, and what can be done with all of it. */
import { useMutation } from "@tanstack/react-query";
import { useState, type FormEvent, type ReactNode } from "react";
import type { daemon } from "@lattice/proto";
import { lattice } from "../connection/lattice.ts";
import { keys } from "../data/queries.ts";
import { queryClient } from "../data/query-client.ts";
import { CopyButton } from "../parts/copy-button.tsx";
import { Icon } from "../parts/icon.tsx";
import { Notice, Problem } from "../parts/notice.tsx";
import { usePageTitle } from "../parts/page-head.tsx";
import { useOpenDialog } from "../shell/shell-dialogs.tsx";
import { toHex } from "../text/hex.ts";
import { countOf, countText } from "../text/numbers.ts";
import { storeTitle } from "./store-tree.ts";

interface StoreHeadProps {
  readonly store: daemon.Store;
  readonly status: daemon.StoreStatus | undefined;
}

export function StoreHead({ store, status }: StoreHeadProps): ReactNode {
  const id = toHex(store.id);
  const openDialog = useOpenDialog();
  const [isRenaming, setIsRenaming] = useState(false);
  const sync = useMutation({
    mutationFn: () => lattice.store.sync({ store: id }),
    onSettled: () => queryClient.invalidateQueries({ queryKey: keys.store(id) }),
  });
  usePageTitle(storeTitle(store));
  return (
    <>
      <header className="page-head">
        <div className="page-title">
          {isRenaming ? (
            <RenameForm store={store} onDone={() => setIsRenaming(false)} />
          ) : (
            <h1 tabIndex={-1}>
              {storeTitle(store)}
              <button
                type="button"
                className="button button-quiet button-icon"
                aria-label="Rename the store"
                title="Rename the store"
                onClick={() => setIsRenaming(true)}
              >
                <Icon name="edit" />
              </button>
            </h1>
          )}
          <p className="store-facts">
            <code>{store.type}</code>
            <span className="hash">
              <code title={id}>{id.slice(0, 8)}</code>
              <CopyButton text={id} what="the store's id" />
            </span>
            {status === undefined ? null : (
              <>
                <span>{status.role}</span>
                <span>{countOf(status.intentionCount, "intention")}</span>
                <span>{countOf(status.livePeers.length, "live peer")}</span>
                {status.headCount > 1 ? <span>{countText(status.headCount)} heads</span> : null}
              </>
            )}
          </p>
        </div>
        <div className="page-actions">
          <button type="button" className="button" onClick={() => openDialog({ kind: "create", parent: id })}>
            <Icon name="plus" /> Child store
          </button>
          <button type="button" className="button" disabled={sync.isPending} onClick={() => sync.mutate()}>
            <Icon name="sync" /> {sync.isPending ? "Syncing…" : "Sync now"}
          </button>
        </div>
      </header>
      <Problem what="Not synced" error={sync.error} />
      {sync.data === undefined ? null : <SyncOutcome reply={sync.data} onClose={() => sync.reset()} />}
    </>
  );
}

function SyncOutcome({
  reply,
  onClose,
}: {
  readonly reply: daemon.SyncReply;
  readonly onClose: () => void;
}): ReactNode {
  const failed = reply.peers.some(({ error }) => error !== "");
  const close = (
    <button type="button" className="button button-quiet button-icon" aria-label="Close" onClick={onClose}>
      <Icon name="close" />
    </button>
  );
  if (reply.peers.length === 0) {
    return (
      <Notice kind="note" actions={close}>
        There is nobody to sync with yet: invite somebody under Members.
      </Notice>
    );
  }
  return (
    <Notice kind={failed ? "warning" : "success"} actions={close}>
      <ul className="plain-list">
        {reply.peers.map(({ peer, name, received, sent, same, error }) => (
          <li key={toHex(peer)}>
            <strong>{name || toHex(peer).slice(0, 8)}</strong>:{" "}
            {error === ""
              ? `received ${countText(received)}, sent ${countText(sent)}${same ? ", the same now" : ""}`
              : error}
          </li>
        ))}
      </ul>
    </Notice>
  );
}

function RenameForm({
  store,
  onDone,
}: {
  readonly store: daemon.Store;
  readonly onDone: () => void;
}): ReactNode {
  const [name, setName] = useState(store.name);
  const rename = useMutation({
    mutationFn: () => lattice.store.setName({ store: toHex(store.id), name }),
    onSuccess: async () => {
      await queryClient.invalidateQueries({ queryKey: keys.stores });
      onDone();
    },
  });
  const onSubmit = (event: FormEvent): void => {
    event.preventDefault();
    rename.mutate();
  };
  return (
    <form className="rename" onSubmit={onSubmit} onKeyDown={(event) => event.key === "Escape" && onDone()}>
      <input
        type="text"
        aria-label="Name of the store"
        autoFocus
        value={name}
        onChange={(event) => setName(event.target.value)}
      />
      <button type="submit" className="button button-primary" disabled={rename.isPending}>
        Rename
      </button>
      <button type="button" className="button" onClick={onDone}>
        Cancel
      </button>
      <Problem what="Not renamed" error={rename.error} />
    </form>
  );
}
