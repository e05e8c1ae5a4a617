/** Clients that read and write a few keys at random for a while, and what each of them saw. */
import { randomBytes, randomInt } from "node:crypto";
import type { KvOp, KvResult, Operation } from "@lattice/check";
import type { ClusterClient } from "@lattice/cluster/client";
import { EtcdError, EtcdErrors } from "@lattice/etcd-proto";
import { LatticeError, utf8 } from "@lattice/model";
import { setTimeout as delay } from "node:timers/promises";
import { rangeOfWords } from "./words.ts";

export type KvHistory = readonly Operation<KvOp, KvResult>[];

export interface CheckRunOptions {
  readonly clientCount: number;
  readonly keyCount: number;
  readonly forMs: number;
  readonly signal: AbortSignal;
  readonly open: (client: number) => Promise<ClusterClient>;
}

/** Of a hundred operations; the rest deletes. */
const READS = 50;
const WRITES = 40;
/** A history is as long as a search is short. */
const OPERATIONS_MAX = 200_000;
/** After an operation that failed. */
const PAUSE_MS = 50;

/** They were refused before anybody could have done them. */
const NOT_DONE: ReadonlySet<string> = new Set([
  EtcdErrors.noLeader[1],
  EtcdErrors.notLeader[1],
  EtcdErrors.tooManyRequests[1],
  EtcdErrors.noSpace[1],
  EtcdErrors.notSupportedForLearner[1],
]);

export class CheckRun {
  readonly prefix = `lattice-check/${randomBytes(4).toString("hex")}/`;
  readonly #options: CheckRunOptions;
  readonly #history: Operation<KvOp, KvResult>[] = [];
  #clock = 0;
  #written = 0;

  constructor(options: CheckRunOptions) {
    this.#options = options;
  }

  /** All keys that were written. */
  get range() {
    return rangeOfWords({ key: this.prefix, isPrefix: true, isFromKey: false });
  }

  async run(): Promise<KvHistory> {
    const { clientCount, forMs, signal } = this.#options;
    const time = AbortSignal.any([signal, AbortSignal.timeout(forMs)]);
    await Promise.all(Array.from({ length: clientCount }, (_, client) => this.#use(client, time)));
    return this.#history;
  }

  async #use(number: number, time: AbortSignal): Promise<void> {
    await using client = await this.#options.open(number);
    while (!time.aborted && this.#history.length < OPERATIONS_MAX) {
      const isAnswered = await this.#one(client, number);
      if (!isAnswered) await delay(PAUSE_MS, undefined, { signal: time }).catch(() => undefined);
    }
  }

  /** Says whether it was answered. What is known not to have been done is left out. */
  async #one(client: ClusterClient, number: number): Promise<boolean> {
    const op = this.#draw();
    const calledAt = ++this.#clock;
    try {
      const result = await call(client, op);
      this.#history.push({ client: number, op, result, calledAt, returnedAt: ++this.#clock });
      return true;
    } catch (error) {
      if (op.type !== "get" && !isUndone(error)) {
        this.#history.push({ client: number, op, result: undefined, calledAt, returnedAt: undefined });
      }
      return false;
    }
  }

  #draw(): KvOp {
    const key = `${this.prefix}${randomInt(this.#options.keyCount)}`;
    const drawn = randomInt(100);
    if (drawn < READS) return { type: "get", key };
    if (drawn < READS + WRITES) return { type: "put", key, value: String(++this.#written) };
    return { type: "delete", key };
  }
}

async function call({ kv }: ClusterClient, op: KvOp): Promise<KvResult> {
  const key = utf8(op.key);
  switch (op.type) {
    case "get": {
      const [found] = (await kv.range({ key })).kvs;
      return found === undefined ? null : Buffer.from(found.value).toString();
    }
    case "delete":
      await kv.deleteRange({ key });
      return null;
    default:
      await kv.put({ key, value: utf8(op.value) });
      return null;
  }
}

/** Nobody answered at all, or said that it was not done. */
function isUndone(error: unknown): boolean {
  if (error instanceof EtcdError) return NOT_DONE.has(error.message);
  return (
    error instanceof LatticeError &&
    error.code === "unavailable" &&
    error.message.startsWith("no member answers")
  );
}
