/** Watches everything, from one member or another, and goes on where it was when that is lost. */
import { setTimeout as delay } from "node:timers/promises";
import {
  CallFailure,
  EtcdClient,
  etcdserverpb as pb,
  mvccpb,
} from "../../../../packages/testkit/src/clusters/index.ts";
import { withoutPadding } from "./to-wire.ts";

export interface SeenEvent {
  readonly type: "put" | "delete";
  readonly key: string;
  readonly revision: number;
  /** Of a put, as is what follows. */
  readonly value: string;
  readonly createRevision: number;
  readonly version: number;
  /** When this watcher received it. */
  readonly at: number;
}

export interface WatcherOptions {
  readonly name: string;
  readonly nextAddress: () => string;
  readonly signal: AbortSignal;
  readonly fromRevision: number;
}

/** A range of revisions, both ends included. */
export interface Gap {
  readonly from: number;
  readonly to: number;
}

const EVERYTHING = Uint8Array.of(0);
const RETRY_MS = 50;
/** Asks for news of how far it is as often as this, and takes a member that says nothing for lost after a few. */
const PROGRESS_MS = 1_000;
const SILENCE_MS = 4_000;

export class Watcher {
  readonly name: string;
  readonly events: SeenEvent[] = [];
  /** What it was told could not be had any more. */
  readonly gaps: Gap[] = [];
  /** What a watch may not do, in words. */
  readonly faults: string[] = [];
  /** All up to it was received. */
  progress: number;
  resumed = 0;
  readonly fromRevision: number;
  readonly #options: WatcherOptions;

  constructor(options: WatcherOptions) {
    this.#options = options;
    this.name = options.name;
    this.fromRevision = options.fromRevision;
    this.progress = options.fromRevision - 1;
  }

  /** Ends when the signal is aborted. */
  async run(): Promise<void> {
    const { signal, nextAddress } = this.#options;
    for (; !signal.aborted; this.resumed++) {
      using client = new EtcdClient(nextAddress());
      try {
        await this.#watch(client);
      } catch (error) {
        if (!(error instanceof CallFailure)) throw error;
      }
      await delay(RETRY_MS);
    }
  }

  async #watch(client: EtcdClient): Promise<void> {
    const { signal } = this.#options;
    const watch = client.watch({ metadata: { hasleader: "true" } });
    const cancel = (): void => watch.cancel();
    signal.addEventListener("abort", cancel, { once: true });
    let heardAt = performance.now();
    const asking = setInterval(() => {
      if (performance.now() - heardAt > SILENCE_MS) watch.cancel();
      else watch.send({ requestUnion: { oneofKind: "progressRequest", progressRequest: {} } });
    }, PROGRESS_MS);
    try {
      watch.send({ requestUnion: { oneofKind: "createRequest", createRequest: this.#request() } });
      for (;;) {
        const response = await watch.next();
        if (response === undefined || signal.aborted) return;
        heardAt = performance.now();
        this.#take(response);
        if (response.canceled) return;
      }
    } finally {
      clearInterval(asking);
      signal.removeEventListener("abort", cancel);
      watch.cancel();
    }
  }

  #request(): pb.WatchCreateRequest {
    return pb.WatchCreateRequest.create({
      key: EVERYTHING,
      rangeEnd: EVERYTHING,
      startRevision: BigInt(this.progress + 1),
    });
  }

  #take({ events, compactRevision, header, created, canceled }: pb.WatchResponse): void {
    if (compactRevision !== 0n) {
      this.gaps.push({ from: this.progress + 1, to: Number(compactRevision) - 1 });
      this.progress = Math.max(this.progress, Number(compactRevision) - 1);
      return;
    }
    if (created || canceled) return;
    if (events.length === 0) {
      // All that is older than what a progress tells has been sent.
      this.progress = Math.max(this.progress, Number(header!.revision));
      return;
    }
    const at = performance.now();
    const seen = events.map((event) => toSeen(event, at));
    this.#expectInOrder(seen);
    for (const event of seen) this.events.push(event);
    this.progress = Math.max(this.progress, seen.at(-1)!.revision);
  }

  /** Later than all before it: so nothing comes twice, and what belongs to one revision comes in one message. */
  #expectInOrder(seen: readonly SeenEvent[]): void {
    const first = seen[0]!.revision;
    if (first <= this.progress) {
      this.faults.push(
        `${this.name}: an event of revision ${first} after all up to ${this.progress} were there`,
      );
    }
    for (const [at, { revision }] of seen.entries()) {
      if (at > 0 && revision < seen[at - 1]!.revision) {
        this.faults.push(`${this.name}: revision ${revision} after ${seen[at - 1]!.revision}`);
      }
    }
  }
}

function toSeen({ type, kv }: mvccpb.Event, at: number): SeenEvent {
  return {
    type: type === mvccpb.Event_EventType.PUT ? "put" : "delete",
    key: Buffer.from(kv!.key).toString(),
    revision: Number(kv!.modRevision),
    value: withoutPadding(kv!.value),
    createRevision: Number(kv!.createRevision),
    version: Number(kv!.version),
    at,
  };
}
