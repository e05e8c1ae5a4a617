/**
 * What the cores are given instead of taking: time and randomness. The simulator hands in its own,
 * and the very code that ships runs on them.
 */
export interface Clock {
  /** Wall time in milliseconds since 1970. May jump, in either direction. */
  now(): number;
  /**
   * Calls back once after `ms`; after 0, as soon as everything else that is ready has run. The answer cancels it. Never
   * used for correctness, only for pace.
   */
  after(ms: number, callback: () => void): () => void;
}

export interface Random {
  bytes(count: number): Uint8Array;
}

export type LogLevel = "error" | "warn" | "info" | "debug";

/** Where a process says what it does. Never a secret, and never what a store holds. */
export type Log = (
  level: LogLevel,
  /** One line, the same for all that differ in `fields` only. */
  message: string,
  fields?: Readonly<Record<string, string | number | boolean | undefined>>,
) => void;
