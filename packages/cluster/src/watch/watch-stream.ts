/**
 * The watches of one call, and what is sent to its client. Whoever takes less than comes is told no more until there is room
 * again; then its watches go on from the history.
 */
import { type EtcdError, etcdserverpb } from "@lattice/etcd-proto";
import { QUEUED_WATCH_BYTES_MAX, WATCH_FRAGMENT_BYTES } from "../limits.ts";
import type { HeaderWriter } from "../wire/header-writer.ts";
import type { WatchHub } from "./watch-hub.ts";
import { Watcher, type WatcherOptions } from "./watcher.ts";

/** The call, as far as it is written to. */
export interface WatchSink {
  send(message: Uint8Array): boolean;
  drained(): Promise<void>;
}

export interface WatchStreamOptions {
  readonly hub: WatchHub;
  readonly sink: WatchSink;
  readonly header: HeaderWriter;
  readonly term: () => number;
  /** The history cannot be read: the call is over. */
  readonly failed: (error: unknown) => void;
  /** What may wait for the client before its watches lag. */
  readonly queuedBytesMax?: number;
}

/** etcd's words, which its clients print. */
const EMPTY_RANGE = "mvcc: watcher range is empty";
const DUPLICATE_ID = "mvcc: duplicate watch ID provided on the WatchStream";

const ALL_WATCHES = -1n;
/** In the header of what says that a watch came too late: etcd's names none there. */
const NO_REVISION = 0;
const FRAGMENT = Uint8Array.of(0x38, 1);

export class WatchStream {
  readonly #options: WatchStreamOptions;
  readonly #watchers = new Map<bigint, Watcher>();
  readonly #lagging = new Set<Watcher>();
  #nextId = 0n;
  #isClosed = false;
  #isDraining = false;
  #queuedBytes = 0;
  #wantsProgress = false;

  constructor(options: WatchStreamOptions) {
    this.#options = options;
  }

  get isFull(): boolean {
    return this.#queuedBytes > (this.#options.queuedBytesMax ?? QUEUED_WATCH_BYTES_MAX);
  }

  /** `from` 0: what comes from now on. `id` 0: one is chosen. */
  create(id: bigint, options: WatcherOptions): void {
    const { hub } = this.#options;
    const refusal = this.#refusal(id, options);
    if (refusal !== undefined) {
      this.#control({ watchId: ALL_WATCHES, created: true, canceled: true, cancelReason: refusal });
      return;
    }
    const from = options.from > 0 ? options.from : hub.revision + 1;
    const watcher = new Watcher(this, id === 0n ? this.#freeId() : id, { ...options, from });
    this.#watchers.set(watcher.id, watcher);
    this.#control({ watchId: watcher.id, created: true });
    hub.begin(watcher);
  }

  /** As one that was created and is over at once. */
  refuse(why: EtcdError): void {
    this.#control({ watchId: ALL_WATCHES, created: true, canceled: true, cancelReason: reasonOf(why) });
  }

  /** Ends those whose client may no more see what they would be told. */
  recheck(): void {
    for (const watcher of [...this.#watchers.values()]) {
      const why = watcher.options.refusal?.();
      if (why === undefined) continue;
      this.#forget(watcher);
      this.#control({ watchId: watcher.id, canceled: true, cancelReason: reasonOf(why) });
    }
  }

  cancel(id: bigint): void {
    const watcher = this.#watchers.get(id);
    if (watcher === undefined) return;
    this.#forget(watcher);
    this.#control({ watchId: id, canceled: true });
  }

  /** Says how far all watches have come, as soon as all have come as far as this member. */
  reportProgress(): void {
    this.#wantsProgress = true;
    this.#maybeReport();
  }

  /** To each watch that wants it and was told nothing since the last time. */
  reportIdle(): void {
    for (const watcher of this.#watchers.values()) {
      const isIdle = !watcher.wasTold && !this.#lagging.has(watcher);
      if (watcher.options.wantsProgress && isIdle) this.#control({ watchId: watcher.id });
      watcher.wasTold = false;
    }
  }

  /** Sends what is pending for a watch. */
  tell(watcher: Watcher): void {
    const revision = watcher.pendingTo;
    const isSplit = watcher.options.maySplit && watcher.pendingBytes > WATCH_FRAGMENT_BYTES;
    const events = isSplit ? this.#split(watcher) : watcher.takePending();
    if (events.length > 0) this.#send(this.#encode(watcher, revision, events));
    watcher.wasTold = true;
  }

  lags(watcher: Watcher): void {
    this.#lagging.add(watcher);
    if (!this.#isDraining) this.#options.hub.serve(this);
  }

  /** Brings one of those that lag forward; says whether there is more to do and room for it. */
  advance(): boolean {
    const [watcher] = this.#lagging;
    if (watcher === undefined || this.#isDraining) return false;
    this.#lagging.delete(watcher);
    try {
      this.#advance(watcher);
    } catch (error) {
      this.#lagging.clear();
      this.#options.failed(error);
    }
    this.#maybeReport();
    return this.#lagging.size > 0 && !this.#isDraining;
  }

  close(): void {
    this.#isClosed = true;
    for (const watcher of this.#watchers.values()) this.#options.hub.end(watcher);
    this.#watchers.clear();
    this.#lagging.clear();
  }

  #refusal(id: bigint, { range: { key, end } }: WatcherOptions): string | undefined {
    if (end !== undefined && end.length > 0 && Buffer.compare(key, end) >= 0) return EMPTY_RANGE;
    if (id !== 0n && this.#watchers.has(id)) return DUPLICATE_ID;
    return undefined;
  }

  #freeId(): bigint {
    while (this.#watchers.has(this.#nextId)) this.#nextId++;
    return this.#nextId++;
  }

  #forget(watcher: Watcher): void {
    this.#watchers.delete(watcher.id);
    this.#lagging.delete(watcher);
    this.#options.hub.end(watcher);
    this.#maybeReport();
  }

  #advance(watcher: Watcher): void {
    const { hub } = this.#options;
    if (watcher.next < hub.firstRevision) {
      this.#forget(watcher);
      this.#control(
        { watchId: watcher.id, canceled: true, compactRevision: BigInt(hub.firstRevision) },
        NO_REVISION,
      );
      return;
    }
    // At the end of the others, so that all of them come forward.
    if (!hub.catchUp(watcher)) this.#lagging.add(watcher);
    if (watcher.hasPending) this.tell(watcher);
  }

  #maybeReport(): void {
    if (!this.#wantsProgress || this.#lagging.size > 0) return;
    this.#wantsProgress = false;
    this.#control({ watchId: ALL_WATCHES });
  }

  /** Sends all but the last fragment, and gives that. */
  #split(watcher: Watcher): readonly Uint8Array[] {
    const revision = watcher.pendingTo;
    let fragment: Uint8Array[] = [];
    let bytes = 0;
    for (const event of watcher.takePending()) {
      if (bytes + event.length > WATCH_FRAGMENT_BYTES && fragment.length > 0) {
        this.#send(this.#encode(watcher, revision, [FRAGMENT, ...fragment]));
        fragment = [];
        bytes = 0;
      }
      fragment.push(event);
      bytes += event.length;
    }
    return fragment;
  }

  #encode(watcher: Watcher, revision: number, fields: readonly Uint8Array[]): Uint8Array {
    const { header, term } = this.#options;
    return Buffer.concat([header.field(revision, term()), watcher.idField, ...fields]);
  }

  #control(fields: Partial<etcdserverpb.WatchResponse>, revision: number = this.#options.hub.revision): void {
    const { header, term } = this.#options;
    const message = etcdserverpb.WatchResponse.create({
      header: header.message(revision, term()),
      ...fields,
    });
    this.#send(etcdserverpb.WatchResponse.toBinary(message));
  }

  #send(message: Uint8Array): void {
    if (this.#isClosed) return;
    const { sink } = this.#options;
    const hasRoom = sink.send(message);
    if (!hasRoom || this.#isDraining) this.#queuedBytes += message.length;
    if (hasRoom || this.#isDraining) return;
    this.#isDraining = true;
    void sink.drained().then(() => {
      this.#isDraining = false;
      this.#queuedBytes = 0;
      if (this.#lagging.size > 0) this.#options.hub.serve(this);
    });
  }
}

/** As grpc-go writes the error, which is what etcd puts there. */
function reasonOf(error: EtcdError): string {
  return `rpc error: code = ${GRPC_GO_CODES[error.code] ?? "Unknown"} desc = ${error.message}`;
}

const GRPC_GO_CODES: Readonly<Record<number, string>> = {
  3: "InvalidArgument",
  7: "PermissionDenied",
  16: "Unauthenticated",
};
