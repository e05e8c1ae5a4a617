/**
 * A stream that goes on: when the node goes away it is opened again, waiting a little longer each time.
 * What is wrong with the request itself ends it.
 */
import { isAway, isCancelled } from "./call-problem.ts";

const RETRY_FIRST_MS = 500;
const RETRY_MS_MAX = 10_000;

export type StreamState =
  | { readonly kind: "open" }
  | { readonly kind: "away"; readonly error: unknown }
  | { readonly kind: "ended" }
  | { readonly kind: "failed"; readonly error: unknown };

export interface FollowStreamOptions<Item> {
  /** Called for each attempt: takes up where the last one stopped, if the stream can. */
  readonly open: (signal: AbortSignal) => AsyncIterable<Item>;
  readonly onItem: (item: Item) => void;
  readonly onState: (state: StreamState) => void;
  readonly signal: AbortSignal;
  /** It ends only when the node does: after its end it is opened again. */
  readonly isEndless?: boolean;
}

/** Resolves when the stream has ended or failed for good, or the signal aborted. Never rejects. */
export async function followStream<Item>(options: FollowStreamOptions<Item>): Promise<void> {
  const { open, onItem, onState, signal, isEndless = false } = options;
  let waitMs = RETRY_FIRST_MS;
  while (!signal.aborted) {
    onState({ kind: "open" });
    try {
      for await (const item of open(signal)) {
        waitMs = RETRY_FIRST_MS;
        onItem(item);
      }
      if (signal.aborted) return;
      if (!isEndless) {
        onState({ kind: "ended" });
        return;
      }
      onState({ kind: "away", error: undefined });
    } catch (error) {
      if (signal.aborted || isCancelled(error)) return;
      if (!isAway(error)) {
        onState({ kind: "failed", error });
        return;
      }
      onState({ kind: "away", error });
    }
    await pause(waitMs, signal);
    waitMs = Math.min(waitMs * 2, RETRY_MS_MAX);
  }
}

/** Ends early when the signal aborts. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end, { once: true });
  });
}
