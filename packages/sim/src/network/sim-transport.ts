/** A node's transport on a simulated network. */
import { equalBytes, LatticeError, type PubKey } from "@lattice/model";
import { acceptChannel, type Channel, type OpenOptions, type Transport } from "@lattice/net";
import type { SimChannel } from "./sim-channel.ts";

const CLOSE_GRACE_MS = 1_000;

/** What a transport needs of the network it is on. */
export interface Wire {
  readonly address: string;
  after(ms: number, run: () => void): void;
  dial(
    peer: PubKey,
    protocol: string,
    addresses: readonly string[],
    answer: (outcome: SimChannel | LatticeError) => void,
  ): void;
  closed(): void;
}

export class SimTransport implements Transport {
  readonly self: PubKey;
  readonly #wire: Wire;
  readonly #handlers = new Map<string, (channel: Channel) => void>();
  readonly #channels = new Set<SimChannel>();
  #isClosed = false;

  constructor(self: PubKey, wire: Wire) {
    this.self = self;
    this.#wire = wire;
  }

  addresses(): readonly string[] {
    return this.#isClosed ? [] : [this.#wire.address];
  }

  handle(protocol: string, accept: (channel: Channel) => void): void {
    this.#handlers.set(protocol, accept);
  }

  open(peer: PubKey, protocol: string, options: OpenOptions = {}): Promise<SimChannel> {
    const { signal, addresses = [] } = options;
    return new Promise((resolve, reject) => {
      const cancelled = () =>
        reject(new LatticeError("cancelled", "opening the channel was cancelled", { cause: signal?.reason }));
      if (this.#isClosed) return reject(closedError());
      if (signal?.aborted === true) return cancelled();
      signal?.addEventListener("abort", cancelled, { once: true });
      return this.#wire.dial(peer, protocol, addresses, (outcome) => {
        signal?.removeEventListener("abort", cancelled);
        const isUnwanted = this.#isClosed || signal?.aborted === true;
        if (outcome instanceof LatticeError) reject(outcome);
        else if (isUnwanted) {
          outcome.abort();
          reject(closedError());
        } else resolve(outcome);
      });
    });
  }

  disconnect(peer: PubKey): Promise<void> {
    for (const channel of this.#channels) if (equalBytes(channel.peer, peer)) channel.abort();
    return Promise.resolve();
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#handlers.clear();
    const ended = [...this.#channels].map((channel) => channel.close());
    await new Promise<void>((resolve) => {
      this.#wire.after(CLOSE_GRACE_MS, resolve);
      void Promise.allSettled(ended).then(() => resolve());
    });
    for (const channel of this.#channels) channel.abort();
    this.#wire.closed();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  speaks(protocol: string): boolean {
    return this.#handlers.has(protocol);
  }

  accept(protocol: string, channel: SimChannel): void {
    const handler = this.#handlers.get(protocol);
    if (handler === undefined) channel.abort();
    else acceptChannel(handler, channel);
  }

  adopt(channel: SimChannel): void {
    this.#channels.add(channel);
  }

  forget(channel: SimChannel): void {
    this.#channels.delete(channel);
  }
}

function closedError(): LatticeError {
  return new LatticeError("closed", "the transport is closed");
}
