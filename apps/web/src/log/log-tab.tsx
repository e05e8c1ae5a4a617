/** The end of a log as it grows, and a line to append to it. */
import { useMutation, useQuery } from "@tanstack/react-query";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useLayoutEffect, useMemo, useRef, useState, type FormEvent, type ReactNode } from "react";
import { LatticeError } from "@lattice/model/errors";
import { keys, useMemberNames } from "../data/queries.ts";
import { queryClient } from "../data/query-client.ts";
import type { StoreMethods } from "../data/store-methods.ts";
import { BytesField, type BytesDraft } from "../fields/bytes-field.tsx";
import { Icon } from "../parts/icon.tsx";
import { Identity } from "../parts/identity.tsx";
import { Loading } from "../parts/loading.tsx";
import { Problem } from "../parts/notice.tsx";
import { TextField } from "../parts/text-field.tsx";
import { useKept } from "../parts/use-kept.ts";
import type { StoreTabProps } from "../stores/store-tab-props.ts";
import { printableText, readBytes } from "../text/bytes-text.ts";
import { toHex } from "../text/hex.ts";
import { countOf } from "../text/numbers.ts";
import { timeText } from "../text/times.ts";
import type { CountReply, LogEntry } from "./log-messages.ts";
import { useLogTail, type LogTail } from "./use-log-tail.ts";

const LINE_PX = 30;
/** Nearer to the end than this counts as being there. */
const END_PX = 24;

export function LogTab({ id, methods }: StoreTabProps): ReactNode {
  const tail = useLogTail(id, methods);
  const [filter, setFilter] = useKept(`log.${id}.filter`, "");
  const count = useQuery({
    queryKey: [...keys.store(id), "count"],
    queryFn: ({ signal }) => methods.call<CountReply>("Count", {}, { signal }),
    refetchInterval: 3_000,
  });
  const { refetch: countAgain } = count;
  useEffect(() => void countAgain(), [tail.entries, countAgain]);
  const shown = useMemo(() => matching(tail.entries, filter), [tail.entries, filter]);
  return (
    <div className="log">
      <div className="toolbar">
        <TextField label="Show lines with" value={filter} onChange={setFilter} data-search="" type="search" />
        <p className="muted toolbar-note" role="status">
          {count.data === undefined ? "" : countOf(count.data.count, "entry", "entries")}
          {filter === "" ? "" : `, ${shown.length} of the ${tail.entries.length} that are read fit`}
          {tail.live.kind === "open" ? "" : " · not followed: the node is away"}
        </p>
      </div>
      <Problem what="The log could not be read" error={tail.error} />
      {tail.live.kind === "failed" ? (
        <Problem what="The log is not followed" error={tail.live.error} />
      ) : null}
      {tail.isReady ? <LogLines id={id} tail={tail} entries={shown} /> : <Loading what="the log" />}
      <AppendForm id={id} methods={methods} />
    </div>
  );
}

function matching(entries: readonly LogEntry[], filter: string): readonly LogEntry[] {
  const wanted = filter.trim().toLowerCase();
  if (wanted === "") return entries;
  return entries.filter(({ content }) => contentText(content).toLowerCase().includes(wanted));
}

function contentText(content: Uint8Array): string {
  return printableText(content) ?? `0x${toHex(content)}`;
}

interface LogLinesProps {
  readonly id: string;
  readonly tail: LogTail;
  readonly entries: readonly LogEntry[];
}

function LogLines({ id, tail, entries }: LogLinesProps): ReactNode {
  const names = useMemberNames(id);
  const scroller = useRef<HTMLDivElement>(null);
  const [isAtEnd, setIsAtEnd] = useState(true);
  const virtualizer = useVirtualizer({
    count: entries.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => LINE_PX,
    getItemKey: (index) => toHex(entries[index]!.cursor),
    overscan: 10,
  });
  const unseen = useStayingAtEnd({ scroller, entries, isAtEnd, size: virtualizer.getTotalSize() });
  const onScroll = (): void => {
    const { scrollTop, scrollHeight, clientHeight } = scroller.current!;
    setIsAtEnd(scrollHeight - scrollTop - clientHeight < END_PX);
  };
  const toEnd = (): void => {
    setIsAtEnd(true);
    scroller.current!.scrollTop = scroller.current!.scrollHeight;
  };
  return (
    <div className="log-frame">
      <div
        ref={scroller}
        className="log-lines"
        role="log"
        aria-label="Entries"
        aria-live={isAtEnd ? "polite" : "off"}
        tabIndex={0}
        onScroll={onScroll}
      >
        {tail.hasOlder ? (
          <button
            type="button"
            className="button log-older"
            disabled={tail.isReadingOlder}
            onClick={tail.readOlder}
          >
            {tail.isReadingOlder ? "Reading…" : "Older entries"}
          </button>
        ) : null}
        {entries.length === 0 ? <p className="empty">Nothing yet.</p> : null}
        <div className="log-space" style={{ height: virtualizer.getTotalSize() }}>
          {virtualizer.getVirtualItems().map(({ index, start, key }) => {
            const entry = entries[index]!;
            return (
              <div
                key={key}
                ref={virtualizer.measureElement}
                data-index={index}
                className="log-line"
                style={{ transform: `translateY(${start}px)` }}
              >
                <time title={toHex(entry.hash)}>{timeText(Number(entry.timeMs))}</time>
                <Identity publicKey={entry.author} name={names.get(toHex(entry.author))} />
                <span className="log-content">{contentText(entry.content)}</span>
              </div>
            );
          })}
        </div>
      </div>
      {isAtEnd ? null : (
        <button type="button" className="button button-primary log-to-end" onClick={toEnd}>
          <Icon name="down" /> {unseen === 0 ? "To the end" : `${unseen} new`}
        </button>
      )}
    </div>
  );
}

interface StayingUse {
  readonly scroller: { readonly current: HTMLDivElement | null };
  readonly entries: readonly LogEntry[];
  readonly isAtEnd: boolean;
  readonly size: number;
}

/** Who reads the end goes on reading the end; who reads elsewhere is told how much has come. */
function useStayingAtEnd({ scroller, entries, isAtEnd, size }: StayingUse): number {
  const seen = useRef<LogEntry>(undefined);
  const last = entries.at(-1);
  useLayoutEffect(() => {
    if (!isAtEnd || scroller.current === null) return;
    seen.current = last;
    scroller.current.scrollTop = scroller.current.scrollHeight;
  }, [scroller, isAtEnd, last, size]);
  if (isAtEnd || seen.current === undefined) return 0;
  const at = entries.lastIndexOf(seen.current);
  return at < 0 ? 0 : entries.length - 1 - at;
}

const NOTHING: BytesDraft = { text: "", form: "text" };

function AppendForm({ id, methods }: { readonly id: string; readonly methods: StoreMethods }): ReactNode {
  const [draft, setDraft, forget] = useKept<BytesDraft>(`log.${id}.append`, NOTHING);
  const content = readBytes(draft.text, draft.form);
  const append = useMutation({
    mutationFn: async () => {
      if (content === undefined) throw new LatticeError("invalid-argument", `this is not ${draft.form}`);
      await methods.call("Append", { content });
    },
    onSuccess: async () => {
      forget();
      await queryClient.invalidateQueries({ queryKey: keys.store(id) });
    },
  });
  const onSubmit = (event: FormEvent): void => {
    event.preventDefault();
    if (content !== undefined && content.length > 0) append.mutate();
  };
  return (
    <form className="append-form" onSubmit={onSubmit}>
      <BytesField
        label="New entry"
        draft={draft}
        onChange={setDraft}
        mistake={content === undefined ? `this is not ${draft.form}` : undefined}
        onSubmit={() => append.mutate()}
      />
      <button
        type="submit"
        className="button button-primary"
        disabled={append.isPending || content === undefined || content.length === 0}
      >
        {append.isPending ? "Appending…" : "Append"}
      </button>
      <Problem what="Not appended" error={append.error} />
    </form>
  );
}
