/** The rows of a window of keys. Only those in sight are in the page, and pages are read as they come near. */
import { useVirtualizer } from "@tanstack/react-virtual";
import {
  useEffect,
  useId,
  useLayoutEffect,
  useRef,
  useState,
  type KeyboardEvent,
  type ReactNode,
} from "react";
import { Icon } from "../parts/icon.tsx";
import { Loading } from "../parts/loading.tsx";
import { Problem } from "../parts/notice.tsx";
import { bytesLine } from "../text/bytes-text.ts";
import { equalBytes } from "../text/compare-bytes.ts";
import { toHex } from "../text/hex.ts";
import { sizeText } from "../text/numbers.ts";
import { rowIndex, type KeyRow } from "./key-window.ts";
import type { KeyList as KeyListState } from "./use-key-window.ts";

const ROW_PX = 34;
/** How many rows before an end the next page is asked for. */
const AHEAD_ROWS = 60;

export interface KeyListProps {
  readonly list: KeyListState;
  /** Of all keys in question, where that is known. */
  readonly total: number | undefined;
  readonly selected: Uint8Array | undefined;
  readonly onSelect: (key: Uint8Array) => void;
}

export function KeyList({ list, total, selected, onSelect }: KeyListProps): ReactNode {
  const { rows, atStart, atEnd } = list.window;
  const scroller = useRef<HTMLDivElement>(null);
  const listId = useId();
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    overscan: 12,
  });
  const active = useActiveRow(rows, selected);
  useKeepInPlace(list, scroller);
  const items = virtualizer.getVirtualItems();
  const firstShown = items[0]?.index ?? 0;
  const lastShown = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (list.error !== undefined) return;
    if (lastShown > rows.length - AHEAD_ROWS) list.readBehind();
    else if (firstShown < AHEAD_ROWS) list.readBefore();
  });
  const moveTo = (index: number): void => {
    const at = Math.max(0, Math.min(rows.length - 1, index));
    active.set(rows[at]?.key);
    virtualizer.scrollToIndex(at);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const screen = Math.floor((scroller.current?.clientHeight ?? 0) / ROW_PX);
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: screen, PageUp: -screen }[event.key];
    if (step !== undefined) moveTo(active.index < 0 ? 0 : active.index + step);
    else if (event.key === "Home" && atStart) moveTo(0);
    else if (event.key === "Home") list.jumpTo(new Uint8Array(0));
    else if (event.key === "End" && atEnd) moveTo(rows.length - 1);
    else if (event.key === "End") list.jumpToEnd();
    else if (event.key === "Enter" && active.index >= 0) onSelect(rows[active.index]!.key);
    else return;
    event.preventDefault();
  };
  if (list.reading === "start" && rows.length === 0) return <Loading what="the keys" />;
  return (
    <>
      <Problem
        what="The keys could not be read"
        error={list.error}
        onRetry={() => list.jumpTo(rows[0]?.key ?? new Uint8Array(0))}
      />
      {rows.length === 0 && list.error === undefined ? <p className="empty">There is no such key.</p> : null}
      <div
        ref={scroller}
        className="key-list"
        role="listbox"
        aria-label="Keys"
        tabIndex={0}
        aria-activedescendant={active.index < 0 ? undefined : `${listId}-${active.index}`}
        data-loaded={rows.length}
        onKeyDown={onKeyDown}
      >
        <div className="key-rows" role="presentation" style={{ height: virtualizer.getTotalSize() }}>
          {items.map(({ index, start }) => (
            <KeyLine
              key={toHex(rows[index]!.key)}
              id={`${listId}-${index}`}
              row={rows[index]!}
              top={start}
              position={atStart ? index + 1 : undefined}
              total={total}
              isActive={index === active.index}
              isSelected={selected !== undefined && equalBytes(rows[index]!.key, selected)}
              onSelect={(key) => {
                active.set(key);
                onSelect(key);
              }}
            />
          ))}
        </div>
      </div>
    </>
  );
}

interface KeyLineProps {
  readonly id: string;
  readonly row: KeyRow;
  readonly top: number;
  readonly position: number | undefined;
  readonly total: number | undefined;
  readonly isActive: boolean;
  readonly isSelected: boolean;
  readonly onSelect: (key: Uint8Array) => void;
}

function KeyLine({ id, row, top, position, total, isActive, isSelected, onSelect }: KeyLineProps): ReactNode {
  return (
    <div
      id={id}
      role="option"
      className={isActive ? "key-line key-line-active" : "key-line"}
      aria-selected={isSelected}
      aria-posinset={position}
      aria-setsize={position === undefined ? undefined : total}
      style={{ transform: `translateY(${top}px)` }}
      onClick={() => onSelect(row.key)}
    >
      <span className="key-name">{bytesLine(row.key)}</span>
      {row.conflicted ? (
        <span className="badge badge-conflict">
          <Icon name="conflict" /> conflict
        </span>
      ) : null}
      <span className="key-preview">{bytesLine(row.preview, 120)}</span>
      <span className="key-size">{sizeText(row.valueBytes)}</span>
    </div>
  );
}

/** The row that the arrow keys move from: kept by its key, since rows come and go around it. */
function useActiveRow(
  rows: readonly KeyRow[],
  selected: Uint8Array | undefined,
): { readonly index: number; readonly set: (key: Uint8Array | undefined) => void } {
  const [key, set] = useState<Uint8Array | undefined>(selected);
  if (key === undefined) return { index: -1, set };
  const at = rowIndex(rows, key);
  const isThere = rows[at] !== undefined && equalBytes(rows[at].key, key);
  return { index: isThere ? at : -1, set };
}

/** What is looked at stays where it is when rows come in, or go, before it. */
function useKeepInPlace(list: KeyListState, scroller: { readonly current: HTMLDivElement | null }): void {
  const { shift, beginning, startsAt } = list;
  const known = useRef({ shift: 0, beginning: 0 });
  useLayoutEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    if (known.current.beginning !== beginning)
      element.scrollTop = startsAt === "top" ? 0 : element.scrollHeight;
    else element.scrollTop += (shift - known.current.shift) * ROW_PX;
    known.current = { shift, beginning };
  }, [shift, beginning, startsAt, scroller]);
}
