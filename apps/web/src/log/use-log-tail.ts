/** The end of a log, which follows what is appended and reaches further back when asked to. */
import { useEffect, useRef, useState } from "react";
import { isCancelled } from "../connection/call-problem.ts";
import type { StreamState } from "../connection/follow-stream.ts";
import { useStream } from "../connection/use-stream.ts";
import type { StoreMethods } from "../data/store-methods.ts";
import { withEntries } from "./entry-run.ts";
import { FOLLOW, type FollowEvent, type LogEntry, type ReadReply } from "./log-messages.ts";

const TAIL_COUNT = 300;
const OLDER_COUNT = 500;
/** Entries that come in quick succession are shown together. */
const GATHER_MS = 50;

export interface LogTail {
  readonly entries: readonly LogEntry[];
  /** Whether what was there at the start has been told. */
  readonly isReady: boolean;
  readonly hasOlder: boolean;
  readonly isReadingOlder: boolean;
  readonly error: unknown;
  readonly live: StreamState;
  readonly readOlder: () => void;
}

export function useLogTail(id: string, methods: StoreMethods): LogTail {
  const [entries, setEntries] = useState<readonly LogEntry[]>([]);
  const [isReady, setIsReady] = useState(false);
  const [hasOlder, setHasOlder] = useState(true);
  const [isReadingOlder, setIsReadingOlder] = useState(false);
  const [error, setError] = useState<unknown>();
  const token = useRef<Uint8Array>(new Uint8Array(0));
  const gathered = useGathered<LogEntry>((added) => setEntries((run) => withEntries(run, added)));
  const calling = useRef<AbortController>(undefined);
  useEffect(() => () => calling.current?.abort(), []);
  const live = useStream<FollowEvent>({
    key: `follow ${id}`,
    isEndless: true,
    open: (signal) => {
      const request = token.current.length === 0 ? { tail: TAIL_COUNT } : { resume: token.current };
      return methods.subscribe<FollowEvent>("Follow", request, { signal });
    },
    onItem: (event) => {
      if (event.resume.length > 0) token.current = event.resume;
      if (event.kind === FOLLOW.ENTRY && event.entry !== undefined) gathered(event.entry);
      if (event.kind === FOLLOW.READY) setIsReady(true);
      if (event.kind === FOLLOW.GAP) void readTail();
    },
  });
  const read = async (request: object): Promise<ReadReply | undefined> => {
    calling.current?.abort();
    const own = new AbortController();
    calling.current = own;
    setError(undefined);
    try {
      return await methods.call<ReadReply>("Read", request, { signal: own.signal });
    } catch (failure) {
      if (!own.signal.aborted && !isCancelled(failure)) setError(failure);
      return undefined;
    }
  };
  const readTail = async (): Promise<void> => {
    const reply = await read({ reverse: true, limit: TAIL_COUNT });
    if (reply !== undefined) setEntries((run) => withEntries(run, reply.entries.toReversed()));
  };
  const readOlder = async (): Promise<void> => {
    setIsReadingOlder(true);
    const reply = await read({
      reverse: true,
      limit: OLDER_COUNT,
      cursor: entries[0]?.cursor ?? new Uint8Array(0),
    });
    setIsReadingOlder(false);
    if (reply === undefined) return;
    setHasOlder(reply.next.length > 0);
    setEntries((run) => withEntries(run, reply.entries.toReversed()));
  };
  return {
    entries,
    isReady,
    hasOlder: hasOlder && (entries.length >= TAIL_COUNT || !isReady),
    isReadingOlder,
    error,
    live,
    readOlder: () => void readOlder(),
  };
}

/** Hands on what came within a moment as one. */
function useGathered<Item>(take: (items: readonly Item[]) => void): (item: Item) => void {
  const waiting = useRef<Item[]>([]);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  return (item) => {
    waiting.current.push(item);
    if (waiting.current.length > 1) return;
    timer.current = setTimeout(() => {
      const items = waiting.current;
      waiting.current = [];
      take(items);
    }, GATHER_MS);
  };
}
