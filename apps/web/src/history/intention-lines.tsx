import type { ReactNode } from "react";
import type { daemon } from "@lattice/proto";
import { Hash } from "../parts/hash.tsx";
import { Identity } from "../parts/identity.tsx";
import { toHex } from "../text/hex.ts";
import { hlcToMs, timeText } from "../text/times.ts";

/** Intentions as a plain list. */
export function IntentionLines({
  intentions,
}: {
  readonly intentions: readonly daemon.IntentionInfo[];
}): ReactNode {
  return (
    <ul className="plain-list">
      {intentions.map((intention) => (
        <li key={toHex(intention.id)}>
          <Hash bytes={intention.id} what="the intention's hash" /> {timeText(hlcToMs(intention.timestamp))}{" "}
          <Identity publicKey={intention.author} name={intention.authorName} /> {intention.summary}{" "}
          <span className="muted">{intention.note}</span>
        </li>
      ))}
    </ul>
  );
}
