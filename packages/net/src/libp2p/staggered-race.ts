/**
 * Tries several ways to reach the same goal, best first: each gets a head start, and the next one is tried beside it
 * when that is over or when it failed (Happy Eyeballs, RFC 8305). The first to succeed wins.
 */
import { Cancellation } from "../cancellation.ts";
import { DIAL_STAGGER_MS } from "../limits.ts";

interface StaggeredRace<Way, T> {
  readonly ways: readonly Way[];
  /** `signal` is aborted once another way has won. */
  readonly attempt: (way: Way, signal: AbortSignal) => Promise<T>;
  /** Gets what succeeded too late. */
  readonly discard: (late: T) => void;
  readonly signal: AbortSignal;
  readonly staggerMs?: number;
}

/** Rejects with an `AggregateError` of all failures where none succeeded. */
export async function staggeredRace<Way, T>(race: StaggeredRace<Way, T>): Promise<T> {
  const { ways, attempt, discard, staggerMs = DIAL_STAGGER_MS } = race;
  using call = new Cancellation({ parents: [race.signal] });
  const outcome = Promise.withResolvers<T>();
  const failures: unknown[] = [];
  let started = 0;
  let won = false;
  let timer: NodeJS.Timeout | undefined;

  const startNext = (): void => {
    clearTimeout(timer);
    const way = ways[started];
    if (way === undefined || call.signal.aborted) return;
    started++;
    attempt(way, call.signal).then(succeed, fail);
    timer = setTimeout(startNext, staggerMs);
  };
  const succeed = (result: T): void => {
    if (won) return discard(result);
    won = true;
    clearTimeout(timer);
    outcome.resolve(result);
    return call.abort();
  };
  const fail = (error: unknown): void => {
    failures.push(error);
    if (won) return;
    startNext();
    if (failures.length < started) return;
    clearTimeout(timer);
    outcome.reject(new AggregateError(failures, "no way led there"));
  };

  startNext();
  if (started === 0) outcome.reject(new AggregateError([], "there is no way to try"));
  return await outcome.promise;
}
