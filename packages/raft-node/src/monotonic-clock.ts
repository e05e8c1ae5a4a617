/** The port of time: only differences count. */
export interface MonotonicClock {
  /** Milliseconds from some moment on. Never goes back, whatever is done to the clock on the wall. */
  nowMs(): number;
  /**
   * Calls back once after `ms`; after 0, as soon as everything else that is ready has run. The answer cancels it.
   */
  after(ms: number, callback: () => void): () => void;
}

/** The machine's. Its timers do not keep a process alive. */
export const systemMonotonicClock: MonotonicClock = {
  nowMs: () => performance.now(),
  after(ms, callback) {
    if (ms === 0) {
      const turn = setImmediate(callback);
      return () => clearImmediate(turn);
    }
    const timer = setTimeout(callback, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
};
