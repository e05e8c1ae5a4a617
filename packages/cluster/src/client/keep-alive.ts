/** Keeps a lease alive, at whichever member answers, until the signal aborts or the lease is gone. */
import { setTimeout as delay } from "node:timers/promises";
import { EtcdError, etcdserverpb, GrpcCode } from "@lattice/etcd-proto";
import { LatticeError } from "@lattice/model";
import { CallFailure } from "./call-failure.ts";
import type { Conversation } from "./connection.ts";
import { ROUND_PAUSE_MS_MAX } from "./limits.ts";

export interface KeepAliveOptions {
  readonly open: (signal: AbortSignal) => Promise<Conversation>;
  readonly signal: AbortSignal;
}

/** Three times in the life of a lease, so that two may get lost. */
const PARTS = 3;

/** Gives the seconds that the lease has again. Throws `leaseNotFound` once it is gone. */
export async function* keepAlive(id: bigint, options: KeepAliveOptions): AsyncGenerator<bigint> {
  while (!options.signal.aborted) {
    const own = new AbortController();
    const signal = AbortSignal.any([options.signal, own.signal]);
    try {
      const conversation = await options.open(signal);
      const ask = (): void => conversation.send(etcdserverpb.LeaseKeepAliveRequest.toBinary({ id }));
      ask();
      for await (const message of conversation.messages) {
        const { ttl } = etcdserverpb.LeaseKeepAliveResponse.fromBinary(message);
        if (ttl <= 0n) throw EtcdError.of("leaseNotFound");
        yield ttl;
        await delay((Number(ttl) * 1_000) / PARTS, undefined, { signal });
        ask();
      }
      throw new CallFailure(
        "unknown",
        new EtcdError(GrpcCode.UNAVAILABLE, "the member has ended the stream"),
      );
    } catch (error) {
      if (options.signal.aborted) return;
      const isPassing = error instanceof CallFailure ? error.kind !== "answered" : isUnreachable(error);
      if (!isPassing) throw error instanceof CallFailure ? error.error : error;
      await delay(ROUND_PAUSE_MS_MAX, undefined, { signal: options.signal }).catch(() => undefined);
    } finally {
      own.abort();
    }
  }
}

/** The lease may outlive it, and time is what it is about. */
function isUnreachable(error: unknown): boolean {
  return error instanceof LatticeError && error.retry;
}
