/** Waits for a promise that cannot be cancelled, but no longer than a signal allows. */

interface RaceOptions<T> {
  readonly signal: AbortSignal;
  /** Gets what came too late, to give it back. */
  readonly discard?: (late: T) => void;
}

/** Rejects with the signal's reason once it is aborted; what the promise gives after that goes to `discard`. */
export function raceSignal<T>(promise: Promise<T>, { signal, discard }: RaceOptions<T>): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    let over = false;
    const onAbort = (): void => {
      over = true;
      reject(signal.reason as Error);
    };
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
    promise.then(
      (value) => {
        if (over) return discard?.(value);
        signal.removeEventListener("abort", onAbort);
        return resolve(value);
      },
      (error: Error) => {
        signal.removeEventListener("abort", onAbort);
        if (!over) reject(error);
      },
    );
  });
}
