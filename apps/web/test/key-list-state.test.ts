import { describe, expect, it } from "vitest";
import {
  KEY_LIST_START,
  reduceKeyList,
  type KeyListAction,
  type KeyListState,
} from "../src/keys/key-list-state.ts";
import { toRow, type KeyPage } from "../src/keys/key-window.ts";
import { WATCH, type WatchEvent } from "../src/keys/kv-messages.ts";

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

function page(rows: Readonly<Record<string, string>>, hasMore = false): KeyPage {
  return {
    rows: Object.entries(rows).map(([key, value]) =>
      toRow({ key: utf8(key), value: utf8(value), conflicted: false }),
    ),
    hasMore,
  };
}

function change(kind: number, key: string, value = ""): KeyListAction {
  const event: WatchEvent = {
    kind,
    key: utf8(key),
    value: utf8(value),
    conflicted: false,
    resume: new Uint8Array(1),
  };
  return { kind: "changed", event };
}

function after(...actions: readonly KeyListAction[]): KeyListState {
  return actions.reduce(reduceKeyList, KEY_LIST_START);
}

function shown({ window }: KeyListState): Record<string, string> {
  return Object.fromEntries(window.rows.map(({ key, preview }) => [text(key), text(preview)]));
}

const begun = (of: KeyPage): KeyListAction => ({ kind: "begun", page: of, startsAt: "top", isWhole: true });

describe("the list of keys", () => {
  it("shows pages and changes", () => {
    const state = after(
      begun(page({ b: "1", d: "1" }, true)),
      { kind: "reading", reading: "behind" },
      { kind: "behind", page: page({ e: "1" }) },
      change(WATCH.PUT, "c", "2"),
      change(WATCH.DELETE, "d"),
    );
    expect(shown(state)).toEqual({ b: "1", c: "2", e: "1" });
  });

  it("keeps what changed while a page was read that does not know of it yet", () => {
    const state = after(
      change(WATCH.PUT, "a", "new"),
      change(WATCH.DELETE, "b"),
      begun(page({ a: "old", b: "old", c: "old" })),
    );
    expect(shown(state)).toEqual({ a: "new", c: "old" });
    expect(state.meanwhile).toEqual([]);
  });

  it("tells by how much it has moved, so that what is looked at stays in its place", () => {
    const state = after(
      begun(page({ m: "" }, true)),
      { kind: "reading", reading: "before" },
      { kind: "before", page: page({ k: "", l: "" }, true) },
    );
    expect(state).toMatchObject({ shift: 2, beginning: 1, reading: "none" });
  });

  it("stays as it is when a page cannot be read, and says why", () => {
    const state = after(
      begun(page({ a: "1" }, true)),
      { kind: "reading", reading: "behind" },
      { kind: "failed", error: "away" },
    );
    expect(shown(state)).toEqual({ a: "1" });
    expect(state).toMatchObject({ error: "away", reading: "none" });
  });
});
