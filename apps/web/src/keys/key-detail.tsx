/** One key: its value to be read and changed, its conflict to be ended, and what it was before. */
import { useMutation, useQuery, type UseQueryResult } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";
import { keys, useMemberNames } from "../data/queries.ts";
import { queryClient } from "../data/query-client.ts";
import type { StoreMethods } from "../data/store-methods.ts";
import { CopyButton } from "../parts/copy-button.tsx";
import { ConfirmButton } from "../parts/confirm-button.tsx";
import { Icon } from "../parts/icon.tsx";
import { Identity } from "../parts/identity.tsx";
import { Loading } from "../parts/loading.tsx";
import { Problem } from "../parts/notice.tsx";
import { Ago } from "../parts/time.tsx";
import { bytesLine, naturalForm, writeBytes } from "../text/bytes-text.ts";
import { toHex } from "../text/hex.ts";
import { sizeText } from "../text/numbers.ts";
import { hlcToMs } from "../text/times.ts";
import { ConflictView } from "./conflict-view.tsx";
import { KeyHistory } from "./key-history.tsx";
import { keyQuery } from "./key-query.ts";
import { ValueEditor } from "./value-editor.tsx";
import type { InspectReply } from "./kv-messages.ts";

export interface KeyDetailProps {
  readonly id: string;
  readonly methods: StoreMethods;
  readonly entryKey: Uint8Array;
  readonly onClose: () => void;
}

function useHeads({ id, methods, entryKey }: KeyDetailProps): UseQueryResult<InspectReply> {
  return useQuery({
    queryKey: [...keyQuery(id, entryKey), "heads"],
    queryFn: ({ signal }) => methods.call<InspectReply>("Inspect", { key: entryKey }, { signal }),
    refetchInterval: 5_000,
  });
}

export function KeyDetail(props: KeyDetailProps): ReactNode {
  const { id, methods, entryKey, onClose } = props;
  const { data, error, refetch } = useHeads(props);
  const names = useMemberNames(id);
  const heads = data?.heads ?? [];
  const winner = heads[0];
  return (
    <div className="key-detail">
      <KeyTitle entryKey={entryKey} onClose={onClose} />
      {data === undefined ? (
        error === null ? (
          <Loading what="the key" />
        ) : null
      ) : winner === undefined ? (
        <p className="muted">
          This key is not there{data.heads.length === 0 ? ", and never was on this node" : ""}.
        </p>
      ) : (
        <p className="key-facts muted">
          {winner.value === undefined ? "removed by" : "written by"}{" "}
          <Identity publicKey={winner.author} name={names.get(toHex(winner.author))} />{" "}
          <Ago ms={hlcToMs(winner.timestamp)} />
          {winner.value === undefined ? "" : `, ${sizeText(winner.value.length)}`}
        </p>
      )}
      <Problem what="The key could not be read" error={error} onRetry={() => void refetch()} />
      {heads.length > 1 ? <ConflictView id={id} methods={methods} entryKey={entryKey} heads={heads} /> : null}
      {data === undefined ? null : (
        <ValueEditor id={id} methods={methods} entryKey={entryKey} heads={heads} />
      )}
      {winner?.value === undefined ? null : (
        <RemoveKey {...props} hashes={heads.map(({ hash }) => toHex(hash))} />
      )}
      <KeyHistory id={id} methods={methods} entryKey={entryKey} />
    </div>
  );
}

function KeyTitle({
  entryKey,
  onClose,
}: {
  readonly entryKey: Uint8Array;
  readonly onClose: () => void;
}): ReactNode {
  const [form, setForm] = useState(naturalForm(entryKey));
  const other = form === "hex" ? "text" : "hex";
  const canBeOther = writeBytes(entryKey, other) !== undefined;
  return (
    <header className="key-title">
      <button
        type="button"
        className="button button-quiet button-icon split-back"
        aria-label="Back to the keys"
        onClick={onClose}
      >
        <Icon name="close" />
      </button>
      <h2 className="mono">{writeBytes(entryKey, form) ?? bytesLine(entryKey)}</h2>
      {canBeOther ? (
        <button type="button" className="button button-quiet" onClick={() => setForm(other)}>
          as {other}
        </button>
      ) : null}
      <CopyButton text={writeBytes(entryKey, form) ?? toHex(entryKey)} what="the key" />
    </header>
  );
}

/** Removes what was seen: a value that came meanwhile stays. */
function RemoveKey({
  id,
  methods,
  entryKey,
  hashes,
}: KeyDetailProps & { readonly hashes: readonly string[] }): ReactNode {
  const remove = useMutation({
    mutationFn: () => methods.call("Delete", { key: entryKey, if: hashes }),
    onSettled: () => queryClient.invalidateQueries({ queryKey: keys.store(id) }),
  });
  return (
    <div className="remove-key">
      <ConfirmButton
        question="Remove this key?"
        verb="Remove"
        disabled={remove.isPending}
        onConfirm={() => remove.mutate()}
      >
        Remove the key
      </ConfirmButton>
      <Problem what="Not removed" error={remove.error} />
    </div>
  );
}
