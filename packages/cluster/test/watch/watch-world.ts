/** A hub with a history in memory, and clients that take what they are sent when it suits them. */
import { etcdserverpb, mvccpb } from "@lattice/etcd-proto";
import type { KeyEvent, RevisionEvents } from "../../src/watch/key-event.ts";
import type { KeyRange } from "../../src/watch/range-index.ts";
import { WatchHub } from "../../src/watch/watch-hub.ts";
import { WatchStream, type WatchSink } from "../../src/watch/watch-stream.ts";
import { HeaderWriter } from "../../src/wire/header-writer.ts";

const { WatchResponse } = etcdserverpb;
const { PUT, DELETE } = mvccpb.Event_EventType;

export interface Change {
  readonly key: string;
  /** Undefined: it is deleted. */
  readonly value: string | undefined;
}

class WorldEvent implements KeyEvent {
  readonly revision: number;
  readonly key: Uint8Array;
  readonly isDelete: boolean;
  readonly #value: string | undefined;
  readonly #before: string | undefined;

  constructor(revision: number, { key, value }: Change, before: string | undefined) {
    this.revision = revision;
    this.key = Buffer.from(key);
    this.isDelete = value === undefined;
    this.#value = value;
    this.#before = before;
  }

  encoded(withPrevious: boolean): Uint8Array {
    const kv = mvccpb.KeyValue.create({
      key: this.key,
      modRevision: BigInt(this.revision),
      value: Buffer.from(this.#value ?? ""),
    });
    const prevKv =
      withPrevious && this.#before !== undefined
        ? mvccpb.KeyValue.create({ key: this.key, value: Buffer.from(this.#before) })
        : undefined;
    const event = mvccpb.Event.create({ type: this.isDelete ? DELETE : PUT, kv, prevKv });
    return WatchResponse.toBinary(WatchResponse.create({ events: [event] }));
  }
}

export class WatchWorld {
  readonly revisions: RevisionEvents[] = [];
  readonly hub: WatchHub;
  /** Revisions that were read from the history. */
  readCount = 0;
  readonly #header = new HeaderWriter({ clusterId: 1, memberId: 2 });
  readonly #values = new Map<string, string>();
  #firstRevision = 1;
  #revision = 1;

  constructor() {
    this.hub = new WatchHub(
      {
        world: this,
        get firstRevision() {
          return this.world.#firstRevision;
        },
        *events(range: KeyRange, from: number): Generator<RevisionEvents> {
          for (const { revision, events } of this.world.revisions) {
            if (revision < from) continue;
            this.world.readCount += 1;
            yield { revision, events: events.filter(({ key }) => isIn(range, key)) };
          }
        },
      } as ConstructorParameters<typeof WatchHub>[0] & { world: WatchWorld },
      this.#revision,
    );
  }

  get revision(): number {
    return this.#revision;
  }

  get firstRevision(): number {
    return this.#firstRevision;
  }

  /** Each list is what one revision changes; all of it is published together. */
  apply(changes: readonly (readonly Change[])[]): void {
    const events = changes.flatMap((each) => this.#change(each));
    this.hub.publish(events, this.#revision);
  }

  /** What happened at others while this member was away comes as a whole. */
  replace(changes: readonly (readonly Change[])[]): void {
    for (const each of changes) this.#change(each);
    this.hub.replaced(this.#revision);
  }

  compact(revision: number): void {
    this.#firstRevision = Math.max(this.#firstRevision, Math.min(revision, this.#revision));
    while (this.revisions[0] !== undefined && this.revisions[0].revision < this.#firstRevision) {
      this.revisions.shift();
    }
  }

  client(queuedBytesMax?: number): WatchClient {
    return new WatchClient(
      (sink) =>
        new WatchStream({
          hub: this.hub,
          sink,
          header: this.#header,
          term: () => 3,
          ...(queuedBytesMax === undefined ? {} : { queuedBytesMax }),
          failed: (error) => {
            throw error;
          },
        }),
    );
  }

  #change(changes: readonly Change[]): KeyEvent[] {
    this.#revision += 1;
    const events = changes.map(
      (change) => new WorldEvent(this.#revision, change, this.#values.get(change.key)),
    );
    for (const { key, value } of changes) {
      if (value === undefined) this.#values.delete(key);
      else this.#values.set(key, value);
    }
    this.revisions.push({ revision: this.#revision, events });
    return events;
  }
}

/** Takes everything, unless it is told to take nothing. */
export class WatchClient {
  readonly stream: WatchStream;
  readonly responses: etcdserverpb.WatchResponse[] = [];
  #isTaking = true;
  #drained: (() => void)[] = [];

  constructor(open: (sink: WatchSink) => WatchStream) {
    this.stream = open({
      send: (message) => {
        this.responses.push(WatchResponse.fromBinary(message));
        return this.#isTaking;
      },
      drained: () =>
        this.#isTaking ? Promise.resolve() : new Promise((resolve) => this.#drained.push(resolve)),
    });
  }

  set isTaking(value: boolean) {
    this.#isTaking = value;
    if (value) for (const resolve of this.#drained.splice(0)) resolve();
  }

  of(id: bigint): etcdserverpb.WatchResponse[] {
    return this.responses.filter(({ watchId }) => watchId === id);
  }
}

export function isIn({ key: from, end }: KeyRange, key: Uint8Array): boolean {
  if (end === undefined) return Buffer.compare(from, key) === 0;
  return Buffer.compare(from, key) <= 0 && (end.length === 0 || Buffer.compare(key, end) < 0);
}

/** Until all that is ready has run, a few times over. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 30; turn++) await new Promise((resolve) => setImmediate(resolve));
}
