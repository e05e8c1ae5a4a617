/**
 * A store of the type `core:kvstore` on the cluster, used by the client that a node of the mesh has: its writes belong to sessions and
 * are sent again and again, and its clients go from member to member. What they see is a history of its own.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { LatticeClient } from "../../../../packages/api/dist/index.js";
import {
  checkHistory,
  explainViolation,
  kvModel,
  violationText,
  type KvOp,
  type KvResult,
  type Operation,
} from "../../../../packages/check/src/index.ts";
import { openLatticeClient } from "../../../../packages/cluster/dist/client/index.js";
import { kvstore } from "../../../../packages/kvstore/dist/index.js";
import { utf8 } from "../../../../packages/model/src/index.ts";

export interface TypedStoreOptions {
  /** Of all members that are there now, as clients reach them. */
  readonly addresses: () => readonly string[];
  readonly below: (bound: number) => number;
  readonly signal: AbortSignal;
  readonly deadlineMs: number;
  readonly pauseMsMax: number;
}

const NAME = "chaos-notes";
/** With which every member is started. */
export const TYPED_STORE_FLAGS: readonly string[] = ["--store", `${NAME}=core:kvstore`];
const CLIENTS = 3;
const KEYS = 4;
/** With unknown outcomes among them, more than a few hundred operations of one key take the checker too long. */
const OPERATIONS_MAX = 6_000;

export class TypedStore {
  readonly operations: Operation<KvOp, KvResult>[] = [];
  readonly #options: TypedStoreOptions;
  #written = 0;

  constructor(options: TypedStoreOptions) {
    this.#options = options;
  }

  async run(): Promise<void> {
    await Promise.all(Array.from({ length: CLIENTS }, (_, at) => this.#work(at)));
  }

  /** Each key as it is in the end: also what was acknowledged last must be there. */
  async readAll(): Promise<void> {
    await using client = await this.#open();
    for (let key = 0; key < KEYS; key++) await this.#perform(client, CLIENTS, { type: "get", key: `${key}` });
  }

  /** What is wrong with the history, in words. */
  faults(deadline: { readonly now: () => number; readonly at: number }): string[] {
    const { partitions } = checkHistory(kvModel, this.operations, { deadline });
    return partitions.flatMap((partition) => {
      if (partition.verdict === "linearizable") return [];
      if (partition.verdict === "unknown") return [`a key of ${NAME} is too hard to check`];
      return [`${NAME}: ${violationText(explainViolation(kvModel, this.operations, partition))}`];
    });
  }

  async #work(number: number): Promise<void> {
    const { below, signal, pauseMsMax } = this.#options;
    while (!signal.aborted && this.operations.length < OPERATIONS_MAX) {
      await using client = await this.#open();
      for (let left = 50; left > 0 && !signal.aborted; left--) {
        const key = `${below(KEYS)}`;
        const kinds: KvOp[] = [
          { type: "get", key },
          { type: "put", key, value: `${++this.#written}` },
          { type: "delete", key },
        ];
        await this.#perform(client, number, kinds[Math.min(2, below(10) >> 2)]!);
        await delay(below(5 * pauseMsMax + 1));
      }
    }
  }

  async #perform(client: LatticeClient, number: number, op: KvOp): Promise<void> {
    const calledAt = performance.now();
    const result = await this.#ask(client, op).catch(() => undefined);
    const returnedAt = result === undefined ? undefined : performance.now();
    // A read that was not answered says nothing.
    if (result === undefined && op.type === "get") return;
    this.operations.push({ client: number, op, result, calledAt, returnedAt });
  }

  async #ask(client: LatticeClient, op: KvOp): Promise<KvResult> {
    const key = utf8(op.key);
    switch (op.type) {
      case "get": {
        const { value } = await call(client, "get", { key });
        return value === undefined ? null : Buffer.from(value).toString();
      }
      case "put":
      case "append":
        await call(client, "put", { key, value: utf8(op.value) });
        return null;
      case "delete":
        await call(client, "delete", { key });
        return null;
    }
  }

  #open(): Promise<LatticeClient> {
    const { addresses, deadlineMs } = this.#options;
    return openLatticeClient({ endpoints: addresses(), timeoutMs: deadlineMs });
  }
}

async function call(client: LatticeClient, method: string, request: object): Promise<{ value?: Uint8Array }> {
  const { I, O } = kvstore.methods.get(method)!.info;
  const reply = await client.dynamic.call({ store: NAME, method, message: I.toBinary(I.create(request)) });
  return O.fromBinary(reply.message) as { value?: Uint8Array };
}
