/** One value that can be read, written and swapped: the object of the classic examples. */
import type { Model } from "../model.ts";

/** Null before the first write. */
export type RegisterValue = string | null;

export type RegisterOp =
  | { readonly type: "read" }
  | { readonly type: "write"; readonly value: RegisterValue }
  /** Writes `to` if the value is `from`. */
  | { readonly type: "cas"; readonly from: RegisterValue; readonly to: RegisterValue };

/** The value of a read; whether a cas wrote; null of a write. */
export type RegisterResult = RegisterValue | boolean;

export const registerModel: Model<RegisterValue, RegisterOp, RegisterResult> = {
  init: () => null,

  step(state, op, result) {
    switch (op.type) {
      case "read":
        return result === undefined || result === state ? state : undefined;
      case "write":
        return op.value;
      case "cas": {
        const isSwapped = state === op.from;
        if (result !== undefined && result !== isSwapped) return undefined;
        return isSwapped ? op.to : state;
      }
    }
  },

  hash(state, hasher) {
    hasher.boolean(state === null);
    if (state !== null) hasher.text(state);
  },

  isReadOnly: (op, result) => op.type === "read" || (op.type === "cas" && result === false),

  describeOperation(op, result) {
    switch (op.type) {
      case "read":
        return `read → ${describeResult(result)}`;
      case "write":
        return result === undefined
          ? `write ${describeValue(op.value)} → ?`
          : `write ${describeValue(op.value)}`;
      case "cas":
        return `cas ${describeValue(op.from)} to ${describeValue(op.to)} → ${describeResult(result)}`;
    }
  },

  describeState: describeValue,
};

function describeResult(result: RegisterResult | undefined): string {
  if (result === undefined) return "?";
  return typeof result === "boolean" ? String(result) : describeValue(result);
}

function describeValue(value: RegisterValue): string {
  return value === null ? "nothing" : JSON.stringify(value);
}
