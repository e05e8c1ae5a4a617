import type { EtcdError } from "@lattice/etcd-proto";
import { VARINT64_BYTES_MAX, writeVarint64 } from "@lattice/mvcc";
import type { KeyEvent } from "./key-event.ts";
import type { KeyRange } from "./range-index.ts";
import type { WatchStream } from "./watch-stream.ts";

export interface WatcherOptions {
  readonly range: KeyRange;
  /** The first revision that it is to be told of. */
  readonly from: number;
  readonly wantsPuts: boolean;
  readonly wantsDeletes: boolean;
  readonly wantsPrevious: boolean;
  readonly wantsProgress: boolean;
  readonly maySplit: boolean;
  /** Why its client may no more see what it is told, by now. Without it, it always may. */
  readonly refusal?: () => EtcdError | undefined;
}

const WATCH_ID = 0x10;

/** One watch of a stream, and how far it has come. */
export class Watcher {
  readonly id: bigint;
  /** Field `watch_id`, as it stands in each of its responses. */
  readonly idField: Uint8Array;
  readonly stream: WatchStream;
  readonly options: WatcherOptions;
  /** Of revisions before this one it wants nothing, or has it already. While it is told as things happen, later ones may have been told, too. */
  next: number;
  /** Was told something since progress was last reported. */
  wasTold = false;
  #pending: Uint8Array[] = [];
  pendingBytes = 0;
  #pendingFrom = 0;
  pendingTo = 0;

  constructor(stream: WatchStream, id: bigint, options: WatcherOptions) {
    this.stream = stream;
    this.id = id;
    this.options = options;
    this.next = options.from;
    this.idField = encodeIdField(id);
  }

  wants({ isDelete }: KeyEvent): boolean {
    return isDelete ? this.options.wantsDeletes : this.options.wantsPuts;
  }

  get hasPending(): boolean {
    return this.#pending.length > 0;
  }

  add(event: KeyEvent, revision: number): void {
    const bytes = event.encoded(this.options.wantsPrevious);
    if (this.#pending.length === 0) this.#pendingFrom = revision;
    this.#pending.push(bytes);
    this.pendingBytes += bytes.length;
    this.pendingTo = revision;
  }

  /** Everything of all revisions from the first pending one to `pendingTo`. */
  takePending(): Uint8Array[] {
    const pending = this.#pending;
    this.#pending = [];
    this.pendingBytes = 0;
    this.next = this.pendingTo + 1;
    return pending;
  }

  /** Forgets what is pending, to be found again in the history. */
  dropPending(): void {
    if (this.#pending.length === 0) return;
    this.#pending = [];
    this.pendingBytes = 0;
    this.next = this.#pendingFrom;
  }
}

/** Nothing where it is 0. */
function encodeIdField(id: bigint): Uint8Array {
  const out = new Uint8Array(1 + VARINT64_BYTES_MAX);
  out[0] = WATCH_ID;
  return out.subarray(0, id === 0n ? 0 : writeVarint64(out, 1, id));
}
