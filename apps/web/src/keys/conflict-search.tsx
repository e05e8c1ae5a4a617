/** Looks through all keys for those with more than one value: no index has them. */
import { useEffect, useState, type ReactNode } from "react";
import { isCancelled } from "../connection/call-problem.ts";
import type { StoreMethods } from "../data/store-methods.ts";
import { Icon } from "../parts/icon.tsx";
import { Problem } from "../parts/notice.tsx";
import { bytesLine } from "../text/bytes-text.ts";
import { toHex } from "../text/hex.ts";
import { countOf, countText } from "../text/numbers.ts";
import type { ListReply } from "./kv-messages.ts";

const PAGE_ROWS = 5_000;
/** Enough to work through; then it stops to look for more. */
const FOUND_COUNT_MAX = 500;

interface ConflictSearchProps {
  readonly methods: StoreMethods;
  readonly prefix: Uint8Array;
  readonly total: number | undefined;
  readonly onSelect: (key: Uint8Array) => void;
}

interface Found {
  readonly keys: readonly Uint8Array[];
  readonly seen: number;
  readonly isDone: boolean;
  readonly error?: unknown;
}

const NOTHING: Found = { keys: [], seen: 0, isDone: false };

export function ConflictSearch({ methods, prefix, total, onSelect }: ConflictSearchProps): ReactNode {
  const [found, setFound] = useState<Found>(NOTHING);
  const [attempt, setAttempt] = useState(0);
  const prefixHex = toHex(prefix);
  useEffect(() => {
    const calling = new AbortController();
    const { signal } = calling;
    searchConflicts(methods, { prefix, signal, onFound: setFound }).catch((error: unknown) => {
      if (!signal.aborted && !isCancelled(error)) setFound((before) => ({ ...before, error, isDone: true }));
    });
    return () => calling.abort();
  }, [methods, prefixHex, attempt]);
  const again = (): void => {
    setFound(NOTHING);
    setAttempt(attempt + 1);
  };
  return (
    <div className="conflicts">
      <p className="list-note" role="status">
        {countOf(found.keys.length, "conflict")} in {countText(found.seen)}
        {total === undefined ? "" : ` of ${countText(total)}`} keys{found.isDone ? "" : "…"}
        <button type="button" className="link-button" onClick={again}>
          look again
        </button>
      </p>
      <Problem what="Not looked through to the end" error={found.error} onRetry={again} />
      {found.keys.length === 0 && found.isDone ? (
        <p className="empty">No key has more than one value.</p>
      ) : null}
      <ul className="conflict-list">
        {found.keys.map((key) => (
          <li key={toHex(key)}>
            <button type="button" onClick={() => onSelect(key)}>
              <Icon name="conflict" /> <span className="key-name">{bytesLine(key)}</span>
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}

interface SearchOptions {
  readonly prefix: Uint8Array;
  readonly signal: AbortSignal;
  readonly onFound: (found: Found) => void;
}

async function searchConflicts(
  methods: StoreMethods,
  { prefix, signal, onFound }: SearchOptions,
): Promise<void> {
  const keys: Uint8Array[] = [];
  let seen = 0;
  let cursor: Uint8Array = new Uint8Array(0);
  onFound(NOTHING);
  do {
    const request = { prefix, cursor, limit: PAGE_ROWS };
    const { entries, next } = await methods.call<ListReply>("List", request, { signal });
    keys.push(...entries.filter(({ conflicted }) => conflicted).map(({ key }) => key));
    seen += entries.length;
    cursor = next;
    const isDone = cursor.length === 0 || keys.length >= FOUND_COUNT_MAX;
    if (signal.aborted) return;
    onFound({ keys: [...keys], seen, isDone });
    if (isDone) return;
  } while (cursor.length > 0);
}
