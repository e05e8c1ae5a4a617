/** What a command works with: its session, and what its own line adds. */
import type { LatticeClient } from "@lattice/api";
import type { daemon } from "@lattice/proto";
import type { Output } from "./output.ts";
import type { Session } from "./session.ts";
import type { StreamSource } from "./subscriptions.ts";

export interface Context {
  readonly session: Session;
  readonly output: Output;
  /** Ctrl-C. */
  readonly signal: AbortSignal;
  readonly client: () => Promise<LatticeClient>;
  /** The store of the line: `--store`, else the selected one. Throws where there is none. */
  readonly store: () => Promise<daemon.Store>;
  /** What `--store` of this very line says. */
  readonly storeQuery: string | undefined;
  /** Whether a command of the table stands before a method of this name. */
  readonly isHidden: (method: string) => boolean;
  /** Shows what comes, as long as it comes. */
  readonly follow: (source: StreamSource) => Promise<void>;
  /** The standard input to its end, where one of these words is "-" and it is free to be read. */
  readonly input: (words: readonly string[]) => Promise<Uint8Array | undefined>;
  /** Says what the command is at, while a terminal shows that; undefined: nothing any more. */
  readonly progress: (text: string | undefined) => void;
  /** Explains these words, or everything. */
  readonly help: (words: readonly string[]) => Promise<void>;
  /** Calls a method of the store; the first word is its name. */
  readonly callMethod: (words: readonly string[]) => Promise<void>;
}
