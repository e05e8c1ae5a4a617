/**
 * Cancellation that does not depend on the goodwill of what is cancelled: the caller is let go at once, and what the
 * abandoned work gives later, a result or an error, is dropped.
 */
import { abortError, callError } from "./call-error.ts";

/** Rejects with a `LatticeError`, always. */
export function untilAborted<T>(signal: AbortSignal, start: () => T | PromiseLike<T>): Promise<T> {
  if (signal.aborted) return Promise.reject(abortError(signal));
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(abortError(signal));
    signal.addEventListener("abort", abort, { once: true });
    const work = async (): Promise<void> => {
      try {
        resolve(await start());
      } catch (error) {
        reject(callError(error));
      } finally {
        signal.removeEventListener("abort", abort);
      }
    };
    void work();
  });
}
