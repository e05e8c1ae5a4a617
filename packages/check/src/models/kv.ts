/** A map from keys to texts. Keys do not depend on each other: each is a partition, and the state is that of one key. */
import { EMPTY_TEXT, extendText, type Lanes } from "../hasher.ts";
import type { Model } from "../model.ts";

export type KvOp =
  | { readonly type: "get"; readonly key: string }
  | { readonly type: "put"; readonly key: string; readonly value: string }
  /** To nothing, it puts. */
  | { readonly type: "append"; readonly key: string; readonly value: string }
  | { readonly type: "delete"; readonly key: string };

/** The value of a get, null where there is none; null of everything else. */
export type KvResult = string | null;

/** Carries its hash, so that an append costs what is appended. */
interface KvValue {
  readonly text: string;
  readonly lanes: Lanes;
}

export type KvState = KvValue | null;

export const kvModel: Model<KvState, KvOp, KvResult> = {
  init: () => null,

  step(state, op, result) {
    switch (op.type) {
      case "get":
        return result === undefined || result === textOf(state) ? state : undefined;
      case "put":
        return append(null, op.value);
      case "append":
        return append(state, op.value);
      case "delete":
        return null;
    }
  },

  hash(state, hasher) {
    hasher.boolean(state === null);
    if (state !== null) hasher.lanes(state.lanes).number(state.text.length);
  },

  isReadOnly: (op) => op.type === "get",

  partition: (op) => op.key,

  describeOperation(op, result) {
    const key = JSON.stringify(op.key);
    const unknown = result === undefined ? " → ?" : "";
    switch (op.type) {
      case "get":
        return `get ${key} → ${result === undefined ? "?" : describeText(result)}`;
      case "put":
      case "append":
        return `${op.type} ${key} ${describeText(op.value)}${unknown}`;
      case "delete":
        return `delete ${key}${unknown}`;
    }
  },

  describeState: (state) => describeText(textOf(state)),
};

function append(before: KvState, text: string): KvValue {
  if (before === null) return { text, lanes: extendText(EMPTY_TEXT, text) };
  return { text: before.text + text, lanes: extendText(before.lanes, text) };
}

function textOf(state: KvState): string | null {
  return state === null ? null : state.text;
}

function describeText(text: string | null): string {
  return text === null ? "nothing" : JSON.stringify(text);
}
