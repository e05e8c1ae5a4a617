/** What happens on a node, for people and programs that watch it. */
import { Broadcast, type PubKey, type StoreId } from "@lattice/model";
import { EVENTS_KEPT_MAX, EVENTS_PENDING_MAX } from "./limits.ts";

export type NodeEventKind =
  | "store-opened"
  | "store-failed"
  | "peer-connected"
  | "peer-disconnected"
  | "synced"
  | "fork"
  | "member-joined"
  | "disk-full"
  | "disk-recovered"
  | "projection-paused"
  | "gap";

export interface NodeEvent {
  readonly kind: NodeEventKind;
  readonly timeMs: number;
  readonly storeId?: StoreId | undefined;
  readonly peer?: PubKey | undefined;
  /** One line for people. */
  readonly text: string;
  /** Counts the events of this node since its start, from 1. */
  readonly seq: number;
}

/**
 * Tells everybody who listens. The last ones are kept, so that who was away for a moment can go on where it was; a listener
 * that lags or comes back too late is told by a `gap` that it missed something.
 */
export class NodeEvents {
  readonly #now: () => number;
  readonly #live = new Broadcast<NodeEvent>({
    pendingMax: EVENTS_PENDING_MAX,
    gap: ({ timeMs, seq }) => gapAt(timeMs, seq),
  });
  #kept: NodeEvent[] = [];
  #seq = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  publish(event: Omit<NodeEvent, "seq" | "timeMs">): void {
    const told = { ...event, timeMs: this.#now(), seq: ++this.#seq };
    // Cut by half now and then, which costs less than one at a time.
    if (this.#kept.push(told) > EVENTS_KEPT_MAX) this.#kept = this.#kept.slice(EVENTS_KEPT_MAX / 2);
    this.#live.publish(told);
  }

  /** From this call on; with `after`, from behind that event on. One that this node never had, such as -1, gives a gap. */
  subscribe(signal: AbortSignal, after?: number): AsyncIterable<NodeEvent> {
    const live = this.#live.subscribe(signal);
    return after === undefined ? live : concat(this.#since(after), live);
  }

  /** Ends all listeners. */
  close(): void {
    this.#live.close();
  }

  #since(after: number): readonly NodeEvent[] {
    if (after === this.#seq) return [];
    const first = this.#kept[0]?.seq ?? this.#seq + 1;
    const isKept = after >= first - 1 && after < this.#seq;
    return isKept ? this.#kept.slice(after + 1 - first) : [gapAt(this.#now(), this.#seq)];
  }
}

function gapAt(timeMs: number, seq: number): NodeEvent {
  return { kind: "gap", timeMs, seq, text: "so much happened that some of it is not shown" };
}

async function* concat<T>(first: readonly T[], rest: AsyncIterable<T>): AsyncIterable<T> {
  yield* first;
  yield* rest;
}
