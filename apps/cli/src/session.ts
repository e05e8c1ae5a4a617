/** One run of the command line on one node: the connection, the selected store, the streams in the background. */
import type { LatticeClient } from "@lattice/api";
import { LatticeError } from "@lattice/model";
import type { daemon } from "@lattice/proto";
import type { Console } from "./console.ts";
import type { Reflection } from "./node-access.ts";
import type { BytesForm } from "./print/value.ts";
import type { StateFiles } from "./state-files.ts";
import { storeHex, storeKey } from "./store-key.ts";
import { describeMethods, type StoreMethod } from "./store-methods.ts";
import { Subscriptions } from "./subscriptions.ts";
import type { Environment } from "./world.ts";

export interface SessionOptions {
  readonly mode: "repl" | "script" | "one-shot";
  readonly console: Console;
  readonly json: boolean;
  readonly verbose: boolean;
  readonly bytes: BytesForm;
  readonly raw: boolean;
  /** Reads the standard input to its end; absent where commands come from there. */
  readonly readInput?: () => Promise<Uint8Array>;
  /** Answers that nobody else shall see; absent where nobody can be asked. */
  readonly ask?: (prompts: readonly string[], signal: AbortSignal) => Promise<readonly string[]>;
  readonly dataDirectory: string;
  /** What stands before a command that is typed where this one was: `lattice` and its flags in a shell, nothing at the prompt. */
  readonly typedBefore: readonly string[];
  readonly env: Environment;
  /** What `--store` or the environment says. */
  readonly store: string | undefined;
  readonly files: StateFiles;
  readonly connect: () => Promise<LatticeClient>;
  readonly reflect: (descriptors: Uint8Array) => Promise<Reflection>;
}

export class Session {
  readonly options: SessionOptions;
  readonly subscriptions = new Subscriptions();
  #client: Promise<LatticeClient> | undefined;
  #current: daemon.Store | undefined;
  #isStoreSought = false;
  #hasQuit = false;
  // A type has one service on one node.
  readonly #methodsByType = new Map<string, ReadonlyMap<string, StoreMethod>>();

  constructor(options: SessionOptions) {
    this.options = options;
  }

  get current(): daemon.Store | undefined {
    return this.#current;
  }

  get hasQuit(): boolean {
    return this.#hasQuit;
  }

  quit(): void {
    this.#hasQuit = true;
  }

  /** Connects at the first call; after a failure the next call tries again. */
  async client(): Promise<LatticeClient> {
    this.#client ??= this.options.connect();
    try {
      return await this.#client;
    } catch (error) {
      this.#client = undefined;
      throw error;
    }
  }

  select(store: daemon.Store): void {
    this.#current = store;
    this.#isStoreSought = true;
  }

  /** Selects the store to start with, where there is one. */
  async seekStore(signal: AbortSignal): Promise<daemon.Store | undefined> {
    if (!this.#isStoreSought) {
      const found = await this.#firstStore(signal);
      this.#isStoreSought = true;
      this.#current ??= found;
    }
    return this.#current;
  }

  async requireStore(signal: AbortSignal): Promise<daemon.Store> {
    const store = await this.seekStore(signal);
    if (store !== undefined) return store;
    const { stores } = await (await this.client()).store.list({}, { signal });
    throw new LatticeError("failed-precondition", this.#noStoreText(stores.length));
  }

  async methodsOf(store: daemon.Store, signal: AbortSignal): Promise<ReadonlyMap<string, StoreMethod>> {
    const known = this.#methodsByType.get(store.type);
    if (known !== undefined) return known;
    const { reflect } = this.options;
    const methods = await describeMethods(await this.client(), storeKey(store), { reflect, signal });
    this.#methodsByType.set(store.type, methods);
    return methods;
  }

  /** Stops the streams and ends the connection, not the node. */
  async close(): Promise<void> {
    await this.subscriptions.stopAll();
    const client = await this.#client?.catch(() => undefined);
    await client?.close();
  }

  async #firstStore(signal: AbortSignal): Promise<daemon.Store | undefined> {
    const { store: query, mode, files } = this.options;
    const client = await this.client();
    if (query !== undefined) return client.store.resolve({ store: query }, { signal });
    const { stores } = await client.store.list({}, { signal });
    // Only where a person can see in the prompt which store it is.
    const last = mode === "repl" ? files.readLastStore() : undefined;
    const roots = stores.filter((store) => store.parentId.length === 0);
    return stores.find((store) => storeHex(store) === last) ?? (roots.length === 1 ? roots[0] : undefined);
  }

  #noStoreText(storeCount: number): string {
    if (storeCount === 0) return "there is no store yet; create one with: store create --root";
    if (this.options.mode === "one-shot") {
      return "there are several stores; say which one with --store or LATTICE_STORE (see: store list)";
    }
    return "no store is selected; choose one with: store use STORE (see: store list)";
  }
}
