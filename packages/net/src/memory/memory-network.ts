/**
 * Transports of many nodes in one process, for tests and the simulator. Deterministic: nothing happens but through
 * `schedule`, which is the microtask queue unless the simulator gives its own.
 */
import { bytesKey, LatticeError, type PubKey } from "@lattice/model";
import type { Transport } from "../transport.ts";
import type { Schedule } from "./memory-channel.ts";
import { MemoryTransport } from "./memory-transport.ts";

export interface MemoryNetworkOptions {
  /** Runs a task later, and every task some time. Tasks may be reordered: the frames of a channel are not. */
  readonly schedule?: Schedule;
}

export class MemoryNetwork {
  readonly #transports = new Map<string, MemoryTransport>();
  readonly #cuts = new Set<string>();
  readonly #schedule: Schedule;

  constructor(options: MemoryNetworkOptions = {}) {
    this.#schedule = options.schedule ?? queueMicrotask;
  }

  /** A node on this network; once it is closed, another with the same key may take its place. */
  transport(self: PubKey): Transport {
    if (this.#transports.has(bytesKey(self))) {
      throw new LatticeError("already-exists", "this key has an open transport on the network");
    }
    const transport = new MemoryTransport(self, {
      schedule: this.#schedule,
      find: (from, to) => (this.#cuts.has(link(from, to)) ? undefined : this.#find(from, to)),
      leave: (leaving) => void this.#transports.delete(bytesKey(leaving.self)),
    });
    this.#transports.set(bytesKey(self), transport);
    return transport;
  }

  /** Breaks all channels between two nodes, at once and for both, and lets none be opened until `heal`. */
  cut(a: PubKey, b: PubKey): void {
    this.#cuts.add(link(a, b));
    this.#transports.get(bytesKey(a))?.breakWith(b);
    this.#transports.get(bytesKey(b))?.breakWith(a);
  }

  heal(a: PubKey, b: PubKey): void {
    this.#cuts.delete(link(a, b));
  }

  #find(from: PubKey, to: PubKey): MemoryTransport | undefined {
    return bytesKey(from) === bytesKey(to) ? undefined : this.#transports.get(bytesKey(to));
  }
}

/** The same name for both directions. */
function link(a: PubKey, b: PubKey): string {
  return [bytesKey(a), bytesKey(b)].toSorted().join("|");
}
