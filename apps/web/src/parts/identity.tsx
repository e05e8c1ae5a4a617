/** Who: a member's name with a colour of its own, or the first digits of its key. */
import type { ReactNode } from "react";
import { shortHex, toHex } from "../text/hex.ts";
import { shownText } from "../text/shown-text.ts";
import { authorHue } from "./author-colour.ts";

export interface IdentityProps {
  readonly publicKey: Uint8Array;
  readonly name?: string | undefined;
  /** This very node. */
  readonly isSelf?: boolean;
}

export function Identity({ publicKey, name, isSelf }: IdentityProps): ReactNode {
  return (
    <span className="identity" title={toHex(publicKey)}>
      <span className={`dot dot-hue-${authorHue(publicKey)}`} aria-hidden="true" />
      {name === undefined || name === "" ? (
        <code>{shortHex(publicKey)}</code>
      ) : (
        <span>{shownText(name)}</span>
      )}
      {isSelf === true ? <span className="muted"> (this node)</span> : null}
    </span>
  );
}
