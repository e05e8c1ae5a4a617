import { useInfiniteQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useMemberNames } from "../data/queries.ts";
import type { StoreMethods } from "../data/store-methods.ts";
import { Hash } from "../parts/hash.tsx";
import { Identity } from "../parts/identity.tsx";
import { Problem } from "../parts/notice.tsx";
import { Time } from "../parts/time.tsx";
import { toHex } from "../text/hex.ts";
import { hlcToMs } from "../text/times.ts";
import { HeadValue } from "./conflict-view.tsx";
import { keyQuery } from "./key-query.ts";
import type { HistoryReply } from "./kv-messages.ts";

const PAGE_WRITES = 20;

interface KeyHistoryProps {
  readonly id: string;
  readonly methods: StoreMethods;
  readonly entryKey: Uint8Array;
}

export function KeyHistory({ id, methods, entryKey }: KeyHistoryProps): ReactNode {
  const names = useMemberNames(id);
  const { data, error, hasNextPage, fetchNextPage, isFetchingNextPage, refetch } = useInfiniteQuery({
    queryKey: [...keyQuery(id, entryKey), "history"],
    queryFn: ({ pageParam, signal }) =>
      methods.call<HistoryReply>(
        "History",
        { key: entryKey, limit: PAGE_WRITES, cursor: pageParam },
        { signal },
      ),
    initialPageParam: new Uint8Array(0),
    getNextPageParam: ({ next }) => (next.length === 0 ? undefined : (next as Uint8Array<ArrayBuffer>)),
  });
  const writes = data?.pages.flatMap((page) => page.writes) ?? [];
  return (
    <section className="key-history" aria-labelledby="key-history-title">
      <h3 id="key-history-title">All writes</h3>
      <Problem error={error} onRetry={() => void refetch()} />
      {data !== undefined && writes.length === 0 ? <p className="muted">None.</p> : null}
      <ol className="write-list">
        {writes.map((write) => (
          <li key={toHex(write.hash)}>
            <div className="write-who">
              <Time ms={hlcToMs(write.timestamp)} />
              <Identity publicKey={write.author} name={names.get(toHex(write.author))} />
              <Hash bytes={write.hash} what="the hash of this write" />
            </div>
            <HeadValue head={write} />
          </li>
        ))}
      </ol>
      {hasNextPage ? (
        <button
          type="button"
          className="button"
          disabled={isFetchingNextPage}
          onClick={() => void fetchNextPage()}
        >
          Older ones
        </button>
      ) : null}
    </section>
  );
}
