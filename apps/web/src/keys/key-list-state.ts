/** What the list of keys shows, and how it comes about: pages that were read, and changes that came. Pure. */
import {
  EMPTY_WINDOW,
  toRow,
  withoutKey,
  withPageBefore,
  withPageBehind,
  withRow,
  type KeyPage,
  type KeyWindow,
} from "./key-window.ts";
import { WATCH, type WatchEvent } from "./kv-messages.ts";

export type Reading = "none" | "start" | "behind" | "before";

export interface KeyListState {
  readonly window: KeyWindow;
  readonly reading: Reading;
  readonly error: unknown;
  /** By how many rows what was shown has moved down since the window began anew; negative: up. */
  readonly shift: number;
  /** Counts beginnings: each puts the list at its place of departure. */
  readonly beginning: number;
  readonly startsAt: "top" | "bottom";
  /** Changes that came while a page was read, which may be older than they are. */
  readonly meanwhile: readonly WatchEvent[];
}

export type KeyListAction =
  | { readonly kind: "reading"; readonly reading: Reading }
  | { readonly kind: "failed"; readonly error: unknown }
  | {
      readonly kind: "begun";
      readonly page: KeyPage;
      readonly startsAt: "top" | "bottom";
      readonly isWhole: boolean;
    }
  | { readonly kind: "behind"; readonly page: KeyPage }
  | { readonly kind: "before"; readonly page: KeyPage }
  | { readonly kind: "changed"; readonly event: WatchEvent };

export const KEY_LIST_START: KeyListState = {
  window: EMPTY_WINDOW,
  reading: "start",
  error: undefined,
  shift: 0,
  beginning: 0,
  startsAt: "top",
  meanwhile: [],
};

export function reduceKeyList(state: KeyListState, action: KeyListAction): KeyListState {
  const next = reduceOnce(state, action);
  if (next.reading !== "none" || next.meanwhile.length === 0) return next;
  return { ...next, window: next.meanwhile.reduce(withChange, next.window), meanwhile: [] };
}

function reduceOnce(state: KeyListState, action: KeyListAction): KeyListState {
  switch (action.kind) {
    case "reading":
      return { ...state, reading: action.reading, error: undefined };
    case "failed":
      return { ...state, reading: "none", error: action.error };
    case "begun": {
      const { page, startsAt, isWhole } = action;
      const ends =
        startsAt === "top"
          ? { atStart: isWhole, atEnd: !page.hasMore }
          : { atStart: !page.hasMore, atEnd: true };
      const window = { rows: page.rows, ...ends };
      return {
        ...state,
        window,
        reading: "none",
        error: undefined,
        shift: 0,
        beginning: state.beginning + 1,
        startsAt,
      };
    }
    case "behind": {
      const { window, dropped } = withPageBehind(state.window, action.page);
      return { ...state, window, reading: "none", shift: state.shift - dropped };
    }
    case "before": {
      const { window, added } = withPageBefore(state.window, action.page);
      return { ...state, window, reading: "none", shift: state.shift + added };
    }
    case "changed": {
      const meanwhile = state.reading === "none" ? state.meanwhile : [...state.meanwhile, action.event];
      return { ...state, window: withChange(state.window, action.event), meanwhile };
    }
  }
}

function withChange(window: KeyWindow, event: WatchEvent): KeyWindow {
  if (event.kind === WATCH.PUT) return withRow(window, toRow(event));
  return event.kind === WATCH.DELETE ? withoutKey(window, event.key) : window;
}
