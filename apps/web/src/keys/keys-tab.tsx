/** The keys of a store: a list that scrolls over any number of them, and beside it the one that is looked at. */
import { useQuery } from "@tanstack/react-query";
import { useDeferredValue, useMemo, useState, type FormEvent, type ReactNode } from "react";
import { keys } from "../data/queries.ts";
import { queryClient } from "../data/query-client.ts";
import { BytesField } from "../fields/bytes-field.tsx";
import { Icon } from "../parts/icon.tsx";
import { Notice } from "../parts/notice.tsx";
import { useKept } from "../parts/use-kept.ts";
import { useThrottled } from "../parts/use-throttled.ts";
import { navigate } from "../routing/navigation.tsx";
import { storePath } from "../routing/route.ts";
import type { StoreTabProps } from "../stores/store-tab-props.ts";
import { readBytes, type BytesForm } from "../text/bytes-text.ts";
import { fromHex, toHex } from "../text/hex.ts";
import { countOf, countText } from "../text/numbers.ts";
import { ConflictSearch } from "./conflict-search.tsx";
import { KeyDetail } from "./key-detail.tsx";
import { KeyList } from "./key-list.tsx";
import { keyQuery } from "./key-query.ts";
import { NewKeyDialog } from "./new-key-dialog.tsx";
import { useKeyWindow } from "./use-key-window.ts";
import type { CountReply } from "./kv-messages.ts";

interface Search {
  readonly text: string;
  readonly form: BytesForm;
}

const NO_SEARCH: Search = { text: "", form: "text" };
const NO_BYTES: Uint8Array = new Uint8Array(0);

export function KeysTab({ id, methods, item }: StoreTabProps): ReactNode {
  const [search, setSearch] = useKept<Search>(`keys.${id}`, NO_SEARCH);
  const [isCreating, setIsCreating] = useState(false);
  const [isForConflicts, setIsForConflicts] = useState(false);
  const typed = readBytes(search.text, search.form);
  const prefix = useDeferredValue(typed ?? NO_BYTES);
  const prefixHex = toHex(prefix);
  const count = useQuery({
    queryKey: [...keys.store(id), "count", prefixHex],
    queryFn: ({ signal }) => methods.call<CountReply>("Count", { prefix }, { signal }),
    refetchInterval: 3_000,
  });
  const countAgain = useThrottled(
    () => void queryClient.invalidateQueries({ queryKey: [...keys.store(id), "count"] }),
  );
  const list = useKeyWindow({
    methods,
    prefix,
    onChange: (key) => {
      void queryClient.invalidateQueries({ queryKey: keyQuery(id, key) });
      countAgain();
    },
  });
  const selected = useMemo(() => (item === undefined ? undefined : fromHex(item)), [item]);
  const select = (key: Uint8Array | undefined): void =>
    navigate(storePath(id, "keys", key === undefined ? undefined : toHex(key)));
  return (
    <div className={selected === undefined ? "split" : "split split-open"}>
      <section className="split-list" aria-label="Keys">
        <div className="toolbar">
          <SearchField search={search} isBad={typed === undefined} onChange={setSearch} />
          <button
            type="button"
            className="button"
            aria-pressed={isForConflicts}
            onClick={() => setIsForConflicts(!isForConflicts)}
          >
            <Icon name="conflict" /> Conflicts
          </button>
          <button type="button" className="button button-primary" onClick={() => setIsCreating(true)}>
            <Icon name="plus" /> New key
          </button>
        </div>
        <p className="list-note muted" role="status">
          {count.data === undefined ? "" : countOf(count.data.count, "key")}
          {search.text === "" ? "" : " with this prefix"}
          {list.live.kind === "open" ? "" : ` · changes are not followed: the node is away`}
          <JumpForm onJump={list.jumpTo} prefix={prefix} />
        </p>
        {isForConflicts ? (
          <ConflictSearch
            methods={methods}
            prefix={prefix}
            total={count.data === undefined ? undefined : Number(count.data.count)}
            onSelect={select}
          />
        ) : (
          <KeyList
            list={list}
            total={count.data === undefined ? undefined : Number(count.data.count)}
            selected={selected}
            onSelect={select}
          />
        )}
      </section>
      <section className="split-detail" aria-label="The key that is looked at">
        {selected === undefined ? (
          <div className="empty">
            <p>Choose a key to see its value, who wrote it, and what it was before.</p>
          </div>
        ) : (
          <KeyDetail
            key={toHex(selected)}
            id={id}
            methods={methods}
            entryKey={selected}
            onClose={() => select(undefined)}
          />
        )}
        {item !== undefined && selected === undefined ? (
          <Notice kind="problem">
            The address of this place names no key: {countText(item.length)} characters that are no hex.
          </Notice>
        ) : null}
      </section>
      {isCreating ? (
        <NewKeyDialog id={id} methods={methods} onClose={() => setIsCreating(false)} onCreated={select} />
      ) : null}
    </div>
  );
}

interface SearchFieldProps {
  readonly search: Search;
  readonly isBad: boolean;
  readonly onChange: (search: Search) => void;
}

function SearchField({ search, isBad, onChange }: SearchFieldProps): ReactNode {
  return (
    <div className="search">
      <BytesField
        label="Keys that start with"
        isLabelHidden
        placeholder="Starts with…"
        draft={search}
        onChange={onChange}
        isSearch
        mistake={isBad ? `this is not ${search.form} yet` : undefined}
      />
    </div>
  );
}

/** Straight to a place in the list, wherever that is. */
function JumpForm({
  onJump,
  prefix,
}: {
  readonly onJump: (key: Uint8Array) => void;
  readonly prefix: Uint8Array;
}): ReactNode {
  const [text, setText] = useState<string>();
  if (text === undefined) {
    return (
      <button type="button" className="link-button" onClick={() => setText("")}>
        go to…
      </button>
    );
  }
  const onSubmit = (event: FormEvent): void => {
    event.preventDefault();
    const key = new TextEncoder().encode(text);
    onJump(key.length === 0 ? NO_BYTES : key);
    setText(undefined);
  };
  return (
    <form className="jump" onSubmit={onSubmit}>
      <input
        type="text"
        aria-label="Go to the first key from here on"
        placeholder={prefix.length === 0 ? "key" : "whole key, with the prefix"}
        autoFocus
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => event.key === "Escape" && setText(undefined)}
      />
      <button type="submit" className="button">
        Go
      </button>
    </form>
  );
}
