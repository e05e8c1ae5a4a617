/** A stream of the node for as long as a part of the page is there, and the page is seen. */
import { useEffect, useEffectEvent, useState } from "react";
import { followStream, type StreamState } from "./follow-stream.ts";
import { useIsPageVisible } from "./page-visibility.ts";

export interface StreamUse<Item> {
  /** What it is a stream of: another key is another stream. Undefined: none. */
  readonly key: string | undefined;
  readonly open: (signal: AbortSignal) => AsyncIterable<Item>;
  readonly onItem: (item: Item) => void;
  /** It ends only when the node does. */
  readonly isEndless?: boolean;
}

/** The state of the stream. A browser has six connections to a node, for all pages together: hidden ones hold none. */
export function useStream<Item>({ key, open, onItem, isEndless = false }: StreamUse<Item>): StreamState {
  const [state, setState] = useState<StreamState>({ kind: "open" });
  const isVisible = useIsPageVisible();
  const openLatest = useEffectEvent(open);
  const onItemLatest = useEffectEvent(onItem);
  useEffect(() => {
    if (key === undefined || !isVisible) return undefined;
    const stopping = new AbortController();
    void followStream<Item>({
      open: (signal) => openLatest(signal),
      onItem: (item) => {
        if (!stopping.signal.aborted) onItemLatest(item);
      },
      onState: (next) => {
        if (!stopping.signal.aborted) setState(next);
      },
      signal: stopping.signal,
      isEndless,
    });
    return () => stopping.abort();
  }, [key, isVisible, isEndless]);
  return state;
}
