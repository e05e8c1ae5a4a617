/** What a stream tells, as it comes, until it is stopped. */
import { useRef, useState, type ReactNode } from "react";
import { useStream } from "../connection/use-stream.ts";
import type { Message, StoreMethod, StoreMethods } from "../data/store-methods.ts";
import { messageLine } from "../fields/message-view.tsx";
import { Icon } from "../parts/icon.tsx";
import { Problem } from "../parts/notice.tsx";
import { countOf } from "../text/numbers.ts";
import { clockText } from "../text/times.ts";
import type { StreamState } from "../connection/follow-stream.ts";

/** The latest are kept. */
const KEPT_COUNT_MAX = 500;

interface StreamOutputProps {
  readonly methods: StoreMethods;
  readonly method: StoreMethod;
  readonly request: Message;
  readonly onClose: () => void;
}

interface Told {
  readonly number: number;
  readonly timeMs: number;
  readonly line: string;
}

export function StreamOutput({ methods, method, request, onClose }: StreamOutputProps): ReactNode {
  const [told, setTold] = useState<readonly Told[]>([]);
  const [isStopped, setIsStopped] = useState(false);
  const count = useRef(0);
  const state = useStream<Message>({
    key: isStopped ? undefined : method.name,
    open: (signal) => methods.subscribe<Message>(method.name, request, { signal }),
    onItem: (message) => {
      const next = { number: count.current++, timeMs: Date.now(), line: messageLine(method.reply, message) };
      setTold((before) => [next, ...before].slice(0, KEPT_COUNT_MAX));
    },
  });
  return (
    <section className="reply" aria-label="Stream">
      <div className="section-head">
        <p className="muted" role="status">
          {isStopped ? "stopped" : stateText(state)},{" "}
          {countOf(told.length === 0 ? 0 : told[0]!.number + 1, "message")}
        </p>
        <button type="button" className="button" onClick={() => (isStopped ? onClose() : setIsStopped(true))}>
          <Icon name={isStopped ? "close" : "stop"} /> {isStopped ? "Close" : "Stop"}
        </button>
      </div>
      {state.kind === "failed" ? <Problem what="The stream failed" error={state.error} /> : null}
      <ol className="stream-lines" tabIndex={0} aria-label="Messages, the latest first">
        {told.map(({ number, timeMs, line }) => (
          <li key={number}>
            <time>{clockText(timeMs)}</time> <code>{line}</code>
          </li>
        ))}
      </ol>
    </section>
  );
}

function stateText(state: StreamState): string {
  switch (state.kind) {
    case "open":
      return "live";
    case "away":
      return "the node is away; it goes on when the node is back";
    case "ended":
      return "ended";
    case "failed":
      return "failed";
  }
}
