import type { ReactNode } from "react";
import { useStores } from "../data/queries.ts";
import { storeTitle } from "../stores/store-tree.ts";
import { Link } from "../routing/navigation.tsx";
import { storePath } from "../routing/route.ts";
import { toHex } from "../text/hex.ts";
import { shownText } from "../text/shown-text.ts";
import { clockText, timeText } from "../text/times.ts";
import type { FeedEvent } from "./event-feed.ts";
import { eventKind } from "./event-kind.ts";

export function EventList({ events }: { readonly events: readonly FeedEvent[] }): ReactNode {
  const { data: stores = [] } = useStores();
  const titles = new Map(stores.map((store) => [toHex(store.id), storeTitle(store)]));
  return (
    <ol className="event-list">
      {events.map(({ number, event }) => {
        const { label, tone } = eventKind(event.kind);
        const store = toHex(event.storeId);
        return (
          <li key={number}>
            <time className="event-time" title={timeText(Number(event.timeMs))}>
              {clockText(Number(event.timeMs))}
            </time>
            <span className={`badge badge-${tone}`}>{label}</span>
            <span className="event-text">{shownText(event.text)}</span>
            {store === "" ? null : (
              <Link className="event-store" to={storePath(store)}>
                {titles.get(store) ?? store.slice(0, 8)}
              </Link>
            )}
          </li>
        );
      })}
    </ol>
  );
}
