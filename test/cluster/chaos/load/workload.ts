/** What clients do all the time: reads, writes, deletions, compare-and-swap and transactions over two keys, on few keys. */
import { setTimeout as delay } from "node:timers/promises";
import type { EtcdAction, EtcdCompare } from "../../../../packages/check/src/index.ts";
import type { StoreClient } from "./store-client.ts";

export interface WorkloadOptions {
  readonly client: StoreClient;
  /** For values that nobody else writes. */
  readonly name: string;
  /** An integer from 0 to below the bound. */
  readonly below: (bound: number) => number;
  readonly signal: AbortSignal;
  /** Between two operations, at most: it bounds how long the history gets. */
  readonly pauseMsMax: number;
}

const KEY_COUNT = 10;
/** After a failure: who has lost its member must not fill the history with failures. */
const PAUSE_AFTER_FAILURE_MS = 30;

export async function runWorkload(options: WorkloadOptions): Promise<void> {
  const { client, name, below, signal, pauseMsMax } = options;
  let written = 0;
  const key = (): string => `chaos/key-${below(KEY_COUNT)}`;
  const value = (): string => `${name}-${++written}`;
  const seen = new Map<string, EtcdCompare>();

  const actions: readonly { readonly weight: number; run(): Promise<boolean> }[] = [
    { weight: 30, run: read },
    { weight: 30, run: () => client.put(key(), value()) },
    { weight: 8, run: () => client.delete(key()) },
    { weight: 20, run: swap },
    { weight: 12, run: two },
  ];

  async function read(): Promise<boolean> {
    const of = key();
    const entry = await client.get(of);
    if (entry === undefined) return false;
    seen.set(of, compareWith(of, entry?.modRevision ?? 0));
    return true;
  }

  /** Of what was read last, if nobody has written it since. */
  function swap(): Promise<boolean> {
    const of = key();
    return client.txn({
      compares: [seen.get(of) ?? compareWith(of, 0)],
      success: [{ type: "put", key: of, value: value() }],
      failure: [{ type: "get", key: of }],
    });
  }

  function two(): Promise<boolean> {
    const first = below(KEY_COUNT - 1);
    const keys = [`chaos/key-${first}`, `chaos/key-${first + 1}`];
    const [readFirst, thenWrite] = [keys.map((of) => ({ type: "get", key: of }) as const), keys.map(write)];
    return client.txn({ compares: [], success: [...readFirst, ...thenWrite], failure: [] });
  }

  function write(of: string): EtcdAction {
    return below(5) === 0 ? { type: "delete", key: of } : { type: "put", key: of, value: value() };
  }

  while (!signal.aborted) {
    const isDone = await oneOf(actions, below).run();
    await delay(isDone ? below(pauseMsMax + 1) : PAUSE_AFTER_FAILURE_MS);
  }
}

function compareWith(key: string, modRevision: number): EtcdCompare {
  return { key, target: "modRevision", relation: "=", to: modRevision };
}

function oneOf<T extends { readonly weight: number }>(
  list: readonly T[],
  below: (bound: number) => number,
): T {
  let at = below(list.reduce((sum, { weight }) => sum + weight, 0));
  for (const each of list) {
    at -= each.weight;
    if (at < 0) return each;
  }
  throw new Error("no weights");
}
