import type { ReactNode } from "react";
import { agoText, timeText } from "../text/times.ts";
import { useNow } from "./use-now.ts";

/** How long ago, with the time itself to be read on a closer look. */
export function Ago({ ms }: { readonly ms: number }): ReactNode {
  const now = useNow();
  if (ms === 0) return <span className="muted">never</span>;
  return (
    <time dateTime={isoText(ms)} title={timeText(ms)}>
      {agoText(ms, now)}
    </time>
  );
}

export function Time({ ms }: { readonly ms: number }): ReactNode {
  return <time dateTime={isoText(ms)}>{timeText(ms)}</time>;
}

function isoText(ms: number): string | undefined {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}
