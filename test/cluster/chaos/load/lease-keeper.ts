/** Hangs keys on leases, keeps those alive for a while, and looks when the keys are gone: never too early. */
import { setTimeout as delay } from "node:timers/promises";
import { CallFailure, calls, EtcdClient } from "../../../../packages/testkit/src/clusters/index.ts";
import type { StoreClient } from "./store-client.ts";

export interface LeaseKeeperOptions {
  readonly name: string;
  readonly client: StoreClient;
  readonly nextAddress: () => string;
  readonly below: (bound: number) => number;
  readonly signal: AbortSignal;
}

export interface KeptLease {
  readonly key: string;
  /** When the key can have gone by its lease for the first time: before it was asked for. */
  readonly grantedAt: number;
}

const TTL_MIN_SECONDS = 3;
const RETRY_MS = 100;
const DEADLINE_MS = 2_000;

export class LeaseKeeper {
  /** Every key that was to hang on a lease, whatever came of it. */
  readonly leases: KeptLease[] = [];
  readonly faults: string[] = [];
  expired = 0;
  readonly #options: LeaseKeeperOptions;
  #count = 0;

  constructor(options: LeaseKeeperOptions) {
    this.#options = options;
  }

  async run(): Promise<void> {
    while (!this.#options.signal.aborted) {
      try {
        await this.#keepOne();
      } catch (error) {
        if (!(error instanceof CallFailure)) throw error;
      }
      await delay(RETRY_MS);
    }
  }

  async #keepOne(): Promise<void> {
    const { name, client, nextAddress, below, signal } = this.#options;
    using api = new EtcdClient(nextAddress());
    const ttl = TTL_MIN_SECONDS + below(3);
    const grantedAt = performance.now();
    const { id, ttl: granted } = await api.call(
      calls.leaseGrant,
      { ttl: BigInt(ttl) },
      { deadlineMs: DEADLINE_MS },
    );
    const key = `lease/${name}-${++this.#count}`;
    this.leases.push({ key, grantedAt });
    if (!(await client.put(key, key, id))) return;
    const lifeMs = Number(granted) * 1000;
    let aliveUntil = grantedAt + lifeMs;
    for (let left = below(4); left > 0 && !signal.aborted; left--) {
      await delay(lifeMs / 3);
      aliveUntil = Math.max(aliveUntil, await this.#keepAlive(id));
    }
    await this.#lookWhenGone(key, aliveUntil);
  }

  /** Until when it lives at least, as far as an answer tells; 0 where none does. */
  async #keepAlive(id: bigint): Promise<number> {
    using api = new EtcdClient(this.#options.nextAddress());
    const stream = api.keepAlive({ deadlineMs: DEADLINE_MS });
    const sentAt = performance.now();
    stream.send({ id });
    try {
      const answer = await stream.next();
      return answer === undefined || answer.ttl <= 0n ? 0 : sentAt + Number(answer.ttl) * 1000;
    } catch (error) {
      if (error instanceof CallFailure) return 0;
      throw error;
    } finally {
      stream.cancel();
    }
  }

  async #lookWhenGone(key: string, aliveUntil: number): Promise<void> {
    const { client, signal } = this.#options;
    while (!signal.aborted) {
      const entry = await client.get(key);
      const now = performance.now();
      if (entry === null) {
        this.expired += 1;
        const early = aliveUntil - now;
        if (early > 0) this.faults.push(`${key} was gone ${early.toFixed(0)} ms before its lease had ended`);
        return;
      }
      await delay(RETRY_MS);
    }
  }
}
