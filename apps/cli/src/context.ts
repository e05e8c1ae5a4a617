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
  /** Shows what comes, as long as it comes. */
  readonly follow: (source: StreamSource) => Promise<void>;
  /** Explains these words, or everything. */
  readonly help: (words: readonly string[]) => Promise<void>;
  /** Calls a method of the store; the first word is its name. */
  readonly callMethod: (words: readonly string[]) => Promise<void>;
}
