import type { World } from "./world.ts";

export interface Stopping extends Disposable {
  readonly signal: AbortSignal;
}

/**
 * The first SIGINT, SIGTERM or SIGHUP aborts the signal. The second finds no handler any more, so that it ends the
 * process even where the closing hangs.
 */
export function stopOnSignal(world: World): Stopping {
  const abort = new AbortController();
  const removers: (() => void)[] = [];
  const dispose = () => {
    for (const remove of removers.splice(0)) remove();
  };
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    const stop = () => {
      dispose();
      abort.abort();
    };
    removers.push(world.onSignal(name, stop));
  }
  return { signal: abort.signal, [Symbol.dispose]: dispose };
}

/** When the signal says so; at once where it has. */
export function aborted(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (signal.aborted) resolve();
  else signal.addEventListener("abort", () => resolve(), { once: true });
  return promise;
}
