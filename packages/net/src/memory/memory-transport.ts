import { LatticeError, toHex, type PubKey } from "@lattice/model";
import { acceptChannel, type Accept } from "../accept.ts";
import { Cancellation } from "../cancellation.ts";
import { raceSignal } from "../race-signal.ts";
import type { Channel, OpenOptions, Transport } from "../transport.ts";
import { MemoryChannel, type Schedule } from "./memory-channel.ts";

/** What a transport needs of the network it is on. */
export interface MemoryWire {
  readonly schedule: Schedule;
  /** The peer's transport, where it is open and no cut lies between. */
  find(from: PubKey, to: PubKey): MemoryTransport | undefined;
  leave(transport: MemoryTransport): void;
}

export class MemoryTransport implements Transport {
  readonly self: PubKey;
  readonly #wire: MemoryWire;
  readonly #handlers = new Map<string, Accept>();
  readonly #channels = new Set<MemoryChannel>();
  readonly #shutdown = new AbortController();

  constructor(self: PubKey, wire: MemoryWire) {
    this.self = self;
    this.#wire = wire;
  }

  addresses(): readonly string[] {
    return this.#shutdown.signal.aborted ? [] : [memoryAddress(this.self)];
  }

  handle(protocol: string, accept: Accept): void {
    this.#handlers.set(protocol, accept);
  }

  async open(peer: PubKey, protocol: string, options: OpenOptions = {}): Promise<Channel> {
    this.#checkOpen(options.signal);
    using call = new Cancellation({ parents: [this.#shutdown.signal, options.signal] });
    const turn = new Promise<void>((resolve) => this.#wire.schedule(resolve));
    await raceSignal(turn, call).catch(() => this.#checkOpen(options.signal));
    this.#checkOpen(options.signal);
    const remote = this.#wire.find(this.self, peer);
    if (remote === undefined || !this.#leadsTo(peer, options.addresses)) {
      throw new LatticeError("unavailable", "the peer cannot be reached");
    }
    const accept = remote.#handlers.get(protocol);
    if (accept === undefined) throw new LatticeError("unavailable", `the peer does not speak ${protocol}`);
    const near = this.#channel(peer, protocol, true);
    const far = remote.#channel(this.self, protocol, false);
    MemoryChannel.join(near, far);
    acceptChannel(accept, far);
    return near;
  }

  disconnect(peer: PubKey): Promise<void> {
    this.breakWith(peer);
    this.#wire.find(this.self, peer)?.breakWith(this.self);
    return Promise.resolve();
  }

  /** Ends this side of all channels with a peer. */
  breakWith(peer: PubKey): void {
    for (const channel of this.#channels) if (toHex(channel.peer) === toHex(peer)) channel.break();
  }

  close(): Promise<void> {
    if (!this.#shutdown.signal.aborted) {
      this.#shutdown.abort();
      for (const channel of this.#channels) channel.shutDown();
      this.#handlers.clear();
      this.#wire.leave(this);
    }
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #channel(peer: PubKey, protocol: string, outbound: boolean): MemoryChannel {
    const onEnded = (ended: MemoryChannel): void => void this.#channels.delete(ended);
    const channel = new MemoryChannel({ peer, protocol, outbound, schedule: this.#wire.schedule, onEnded });
    this.#channels.add(channel);
    return channel;
  }

  /** Without addresses the network is its own address book; with addresses, one has to be right. */
  #leadsTo(peer: PubKey, addresses: readonly string[] | undefined): boolean {
    if (addresses === undefined || addresses.length === 0) return true;
    const connected = [...this.#channels].some((channel) => toHex(channel.peer) === toHex(peer));
    return connected || addresses.includes(memoryAddress(peer));
  }

  #checkOpen(signal: AbortSignal | undefined): void {
    if (this.#shutdown.signal.aborted) throw new LatticeError("closed", "the transport is closed");
    if (signal?.aborted === true) {
      throw new LatticeError("cancelled", "opening the channel was cancelled", { cause: signal.reason });
    }
  }
}

function memoryAddress(key: PubKey): string {
  return `/memory/${toHex(key)}`;
}
