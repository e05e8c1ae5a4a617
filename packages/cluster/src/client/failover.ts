/** Tries members one after the other until one answers, as far as that does no harm. */
import { LatticeError } from "@lattice/model";
import { setTimeout as delay } from "node:timers/promises";
import { CallFailure } from "./call-failure.ts";
import type { Connection } from "./connection.ts";
import type { Endpoints } from "./endpoints.ts";
import { ATTEMPT_TIMEOUT_MS, ROUND_PAUSE_MS_MAX, ROUND_PAUSE_MS_MIN } from "./limits.ts";

export interface FailoverOptions {
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  /** Whether the call may be sent again after one that may have been done. */
  readonly isRepeatable: boolean;
}

/** One try; `isFirst` says that none before it can have been done. */
export type Attempt<T> = (
  connection: Connection,
  attempt: { readonly timeoutMs: number; readonly isFirst: boolean },
) => Promise<T>;

/** Throws what the last attempt was refused with. */
export async function withFailover<T>(
  endpoints: Endpoints,
  options: FailoverOptions,
  attempt: Attempt<T>,
): Promise<T> {
  const { timeoutMs, signal, isRepeatable } = options;
  const endsAt = performance.now() + timeoutMs;
  const isShared = isRepeatable && endpoints.count > 1;
  const unreached = new Set<string>();
  let isFirst = true;
  for (let tries = 1; ; tries++) {
    const connection = endpoints.current;
    const leftMs = endsAt - performance.now();
    try {
      return await attempt(connection, {
        timeoutMs: isShared ? shareOf(leftMs) : Math.max(leftMs, 1),
        isFirst,
      });
    } catch (error) {
      if (!(error instanceof CallFailure) || error.kind === "answered") throw told(error);
      if (error.kind === "unknown" && !isRepeatable) throw told(error);
      isFirst &&= error.kind === "not-done";
      unreached.add(connection.where);
      endpoints.leave(connection);
      const pauseMs = pauseAfter(tries, endpoints.count);
      if (performance.now() + pauseMs >= endsAt) throw outOfTime(error, unreached, endpoints.count);
      if (pauseMs > 0) await pause(pauseMs, signal);
    }
  }
}

/** So that a member that stands still does not take all the time, and one that has much to answer has enough of it. */
function shareOf(leftMs: number): number {
  return Math.max(1, Math.min(leftMs, Math.max(leftMs / 2, ATTEMPT_TIMEOUT_MS)));
}

/** None within a round. */
function pauseAfter(tries: number, endpointCount: number): number {
  if (tries % endpointCount !== 0) return 0;
  const rounds = tries / endpointCount;
  return Math.min(ROUND_PAUSE_MS_MIN * 2 ** Math.min(rounds - 1, 10), ROUND_PAUSE_MS_MAX);
}

async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await delay(ms, undefined, { signal });
  } catch {
    signal?.throwIfAborted();
  }
}

function outOfTime(failure: CallFailure, unreached: ReadonlySet<string>, endpointCount: number): Error {
  const { error } = failure;
  if (!(error instanceof LatticeError) || error.code !== "unavailable") return error;
  if (failure.kind !== "not-done" || unreached.size < endpointCount) return error;
  return new LatticeError("unavailable", `no member answers at ${[...unreached].join(", ")}`, {
    cause: error,
  });
}

/** What a caller can do something with. */
function told(error: unknown): unknown {
  return error instanceof CallFailure ? error.error : error;
}
