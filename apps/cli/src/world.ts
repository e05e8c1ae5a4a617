/** What a run of `lattice` gets from outside; a test passes its own. */
import type { Readable, Writable } from "node:stream";
import type { NodeAccess } from "./node-access.ts";

export type SignalName = "SIGINT" | "SIGTERM" | "SIGHUP";
export type Environment = Readonly<Record<string, string | undefined>>;

export interface World {
  /** Without the names of Node and of the script. */
  readonly argv: readonly string[];
  readonly env: Environment;
  readonly input: Readable & { readonly isTTY?: boolean };
  readonly output: Writable & { readonly isTTY?: boolean };
  readonly errors: Writable & { readonly isTTY?: boolean; readonly columns?: number };
  /** From now on it goes on where nobody reads the output any more; before, that is its end. */
  outliveReader(): void;
  readonly node: NodeAccess;
  /** Returns what takes the handler away again. */
  onSignal(name: SignalName, handler: () => void): () => void;
}
