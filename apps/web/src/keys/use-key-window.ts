/** The window of keys that a list shows: reads pages when the list comes near an end, and follows changes. */
import { useCallback, useEffect, useMemo, useReducer, useRef } from "react";
import { isCancelled } from "../connection/call-problem.ts";
import type { StreamState } from "../connection/follow-stream.ts";
import { useStream } from "../connection/use-stream.ts";
import type { StoreMethods } from "../data/store-methods.ts";
import { toHex } from "../text/hex.ts";
import { KeyReader } from "./key-reader.ts";
import {
  KEY_LIST_START,
  reduceKeyList,
  type KeyListAction,
  type KeyListState,
  type Reading,
} from "./key-list-state.ts";
import type { KeyPage } from "./key-window.ts";
import { WATCH, type WatchEvent } from "./kv-messages.ts";

export interface KeyWindowUse {
  readonly methods: StoreMethods;
  readonly prefix: Uint8Array;
  /** Told of every key that has changed, also of those that are not in the window. */
  readonly onChange: (key: Uint8Array) => void;
}

export interface KeyList extends KeyListState {
  readonly live: StreamState;
  readonly readBehind: () => void;
  readonly readBefore: () => void;
  /** From the first key that is not below this one; empty: from the start. */
  readonly jumpTo: (key: Uint8Array) => void;
  readonly jumpToEnd: () => void;
}

const NO_KEY: Uint8Array = new Uint8Array(0);

export function useKeyWindow({ methods, prefix, onChange }: KeyWindowUse): KeyList {
  const [state, dispatch] = useReducer(reduceKeyList, KEY_LIST_START);
  const prefixHex = toHex(prefix);
  // The prefix is new bytes at each call, and another one only if its digits are.
  const reader = useMemo(() => new KeyReader(methods, prefix), [methods, prefixHex]);
  const calling = useRef<AbortController>(undefined);
  const read = useCallback(
    async (
      reading: Reading,
      page: (signal: AbortSignal) => Promise<KeyPage>,
      done: (page: KeyPage) => KeyListAction,
    ) => {
      calling.current?.abort();
      const own = new AbortController();
      calling.current = own;
      dispatch({ kind: "reading", reading });
      try {
        const action = done(await page(own.signal));
        if (!own.signal.aborted) dispatch(action);
      } catch (error) {
        if (!own.signal.aborted && !isCancelled(error)) dispatch({ kind: "failed", error });
      }
    },
    [],
  );
  const jumpTo = useCallback(
    (key: Uint8Array) =>
      void read(
        "start",
        (signal) => reader.from(key, signal),
        (page) => ({ kind: "begun", page, startsAt: "top", isWhole: key.length === 0 }),
      ),
    [read, reader],
  );
  useEffect(() => {
    jumpTo(NO_KEY);
    return () => calling.current?.abort();
  }, [jumpTo]);
  const held = useRef(state.window);
  useEffect(() => {
    held.current = state.window;
  }, [state.window]);
  const live = useKeyChanges({
    methods,
    prefix,
    onEvent: (event) => {
      dispatch({ kind: "changed", event });
      if (event.key.length > 0) onChange(event.key);
    },
    onGap: () => {
      const { atStart, rows } = held.current;
      jumpTo(atStart ? NO_KEY : (rows[0]?.key ?? NO_KEY));
    },
  });
  const { window, reading } = state;
  return {
    ...state,
    live,
    jumpTo,
    jumpToEnd: () =>
      void read(
        "start",
        (signal) => reader.last(signal),
        (page) => ({ kind: "begun", page, startsAt: "bottom", isWhole: true }),
      ),
    readBehind: () => {
      const last = window.rows.at(-1);
      if (reading !== "none" || window.atEnd || last === undefined) return;
      void read(
        "behind",
        (signal) => reader.behind(last.key, signal),
        (page) => ({ kind: "behind", page }),
      );
    },
    readBefore: () => {
      const first = window.rows[0];
      if (reading !== "none" || window.atStart || first === undefined) return;
      void read(
        "before",
        (signal) => reader.before(first.key, signal),
        (page) => ({ kind: "before", page }),
      );
    },
  };
}

interface KeyChangesUse {
  readonly methods: StoreMethods;
  readonly prefix: Uint8Array;
  readonly onEvent: (event: WatchEvent) => void;
  readonly onGap: () => void;
}

/** A key that hardly anybody has: watching it tells where the present is, and nothing else. */
const NOBODYS_KEY = new TextEncoder().encode("\u0000lattice web: no key\u0000");

/**
 * Changes from now on. A watch starts with everything that is there, which may be very much; a token of a watch on a key that is
 * not there lets this one start at the present.
 */
function useKeyChanges({ methods, prefix, onEvent, onGap }: KeyChangesUse): StreamState {
  const token = useRef(NO_KEY);
  const prefixHex = toHex(prefix);
  async function* open(signal: AbortSignal): AsyncIterable<WatchEvent> {
    if (token.current.length === 0) token.current = await presentOf(methods, signal);
    let isKnown = true;
    const request = { prefix, resume: token.current };
    for await (const event of methods.subscribe<WatchEvent>("Watch", request, { signal })) {
      if (event.resume.length > 0) token.current = event.resume;
      if (event.kind === WATCH.GAP) {
        // What follows tells the state anew, and the list reads its own part of that.
        isKnown = false;
        onGap();
      } else if (event.kind === WATCH.READY) isKnown = true;
      else if (isKnown) yield event;
    }
  }
  return useStream({ key: `${methods.service} ${prefixHex}`, open, onItem: onEvent, isEndless: true });
}

async function presentOf(methods: StoreMethods, signal: AbortSignal): Promise<Uint8Array> {
  for await (const event of methods.subscribe<WatchEvent>("Watch", { key: NOBODYS_KEY }, { signal })) {
    if (event.kind === WATCH.READY) return event.resume;
  }
  return NO_KEY;
}
