import type { ReactNode } from "react";
import { hashOf, shortHex, toHex } from "../text/hex.ts";
import { CopyButton } from "./copy-button.tsx";

/** An id or a hash: its first digits, all of it to be copied. */
export function Hash({ bytes, what }: { readonly bytes: Uint8Array; readonly what: string }): ReactNode {
  if (bytes.length === 0) return <span className="muted">none</span>;
  const text = toHex(hashOf(bytes));
  return (
    <span className="hash">
      <code title={text}>{shortHex(bytes)}</code>
      <CopyButton text={text} what={what} />
    </span>
  );
}
