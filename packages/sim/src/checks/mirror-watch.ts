/** Keeps a client following a store on one machine, for as long as the store is open there, and again when it is. */
import type { Hash } from "@lattice/model";
import type { Store } from "@lattice/kernel";
import type { Machine } from "../machine.ts";
import type { Mirror } from "../workloads/workload.ts";
import type { World } from "../world.ts";

export interface MirrorOptions {
  readonly machine: Machine;
  readonly genesisHash: Hash;
  readonly mirror: Mirror;
}

export class MirrorWatch {
  readonly #world: World;
  readonly #options: MirrorOptions;
  #store: Store | undefined;
  #ended = new AbortController();

  constructor(world: World, options: MirrorOptions) {
    this.#world = world;
    this.#options = options;
    this.follow();
  }

  get machine(): Machine {
    return this.#options.machine;
  }

  get genesisHash(): Hash {
    return this.#options.genesisHash;
  }

  /** Takes up a store that was opened since. */
  follow(): void {
    const store = this.machine.storeOf(this.genesisHash);
    if (store === undefined || store === this.#store || this.machine.isGone) return;
    this.stop();
    this.#store = store;
    this.#ended = new AbortController();
    const { machine } = this;
    const following = this.#options.mirror.follow(store, this.#ended.signal);
    this.#world.begin(following.catch((error: unknown) => void this.#world.judge(machine, error)));
  }

  stop(): void {
    this.#store = undefined;
    this.#ended.abort();
  }

  /** What the client believes and should not, or the reverse; empty where it is right. */
  async difference(): Promise<string> {
    const store = this.machine.storeOf(this.genesisHash);
    if (store === undefined) return "";
    const [believed, is] = [this.#options.mirror.text(), await this.#options.mirror.expected(store)];
    return believed === is ? "" : `is wrong about ${difference(believed.split("\n"), is.split("\n"))}`;
  }
}

function difference(believed: readonly string[], is: readonly string[]): string {
  const extra = believed.filter((line) => !is.includes(line)).map((line) => `+ ${line}`);
  const lacking = is.filter((line) => !believed.includes(line)).map((line) => `- ${line}`);
  return [...extra, ...lacking].join("; ");
}
