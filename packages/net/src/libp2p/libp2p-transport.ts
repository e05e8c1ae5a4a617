/**
 * `Transport` on a libp2p node.
 *
 * Invariants:
 * 1. A channel's peer is the key that the handshake of its connection proved.
 * 2. Nothing that a peer does, and no late answer to a call that was given up, becomes an unhandled rejection.
 */
import { multiaddr } from "@multiformats/multiaddr";
import type { Connection, PeerId, Stream } from "@libp2p/interface";
import type { Libp2p } from "libp2p";
import { LatticeError, type PubKey } from "@lattice/model";
import { acceptChannel, type Accept } from "../accept.ts";
import { Cancellation } from "../cancellation.ts";
import { CHANNELS_PER_PROTOCOL_COUNT_MAX, CLOSE_GRACE_MS, NEGOTIATION_TIMEOUT_MS } from "../limits.ts";
import { raceSignal } from "../race-signal.ts";
import type { Channel, OpenOptions, Transport } from "../transport.ts";
import { type Libp2pNode, startLibp2pNode } from "./libp2p-node.ts";
import { type Listeners, listenOn, reachableAddresses } from "./listening.ts";
import type { Libp2pTransportOptions } from "./open-libp2p-transport.ts";
import { peerIdOf, pubKeyOf } from "./peer-key.ts";
import { staggeredRace } from "./staggered-race.ts";
import { StreamChannel } from "./stream-channel.ts";

const DIAL_TIMEOUT_MS = 10_000;

export class Libp2pTransport implements Transport {
  readonly self: PubKey;
  readonly #libp2p: Libp2p;
  readonly #listeners: Listeners;
  readonly #dialTimeoutMs: number;
  readonly #channels = new Set<StreamChannel>();
  /** Dials under way by peer and addresses: whoever wants the same waits for the same. */
  readonly #dials = new Map<string, Promise<Connection>>();
  readonly #shutdown = new AbortController();
  #closing: Promise<void> | undefined;

  private constructor(node: Libp2pNode, options: Libp2pTransportOptions) {
    this.self = pubKeyOf(node.libp2p.peerId)!;
    this.#libp2p = node.libp2p;
    this.#listeners = node.listeners;
    this.#dialTimeoutMs = options.dialTimeoutMs ?? DIAL_TIMEOUT_MS;
  }

  static async start(options: Libp2pTransportOptions): Promise<Libp2pTransport> {
    const node = await startLibp2pNode(options.seed);
    const transport = new Libp2pTransport(node, options);
    try {
      for (const where of options.listen) await listenOn(node.listeners, where, node.carriers);
      return transport;
    } catch (error) {
      await transport.close();
      throw error;
    }
  }

  addresses(): readonly string[] {
    return this.#shutdown.signal.aborted ? [] : reachableAddresses(this.#listeners);
  }

  handle(protocol: string, accept: Accept): void {
    const onStream = (stream: Stream, { remotePeer }: Connection): void => {
      const peer = pubKeyOf(remotePeer);
      if (peer === undefined || this.#shutdown.signal.aborted) return stream.abort(new Error("not wanted"));
      return acceptChannel(accept, this.#channel({ stream, peer, protocol, outbound: false }));
    };
    const limits = { maxInboundStreams: CHANNELS_PER_PROTOCOL_COUNT_MAX, force: true } as const;
    // The handler stands when the call returns; what the promise waits for is a note in the peer store.
    this.#libp2p.handle(protocol, onStream, limits).catch(() => undefined);
  }

  async open(peer: PubKey, protocol: string, options: OpenOptions = {}): Promise<Channel> {
    using call = new Cancellation({ parents: [this.#shutdown.signal, options.signal] });
    const { signal } = call;
    try {
      signal.throwIfAborted();
      const stream = await this.#openStream(
        { peerId: peerIdOf(peer), protocol, signal },
        options.addresses ?? [],
      );
      return this.#channel({ stream, peer, protocol, outbound: true });
    } catch (error) {
      throw this.#openError(error, options.signal);
    }
  }

  disconnect(peer: PubKey): Promise<void> {
    for (const connection of this.#libp2p.getConnections(peerIdOf(peer))) abortConnection(connection);
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    this.#shutdown.abort(new LatticeError("closed", "the transport is closed"));
    await this.#closeChannels();
    for (const connection of this.#libp2p.getConnections()) abortConnection(connection);
    try {
      await this.#libp2p.stop();
    } catch {
      // What remains are listeners of a node that nobody uses; there is nothing better to do with the error.
    }
  }

  /** QUIC drops what is under way when a connection closes, so the other ends get a moment to take it and agree. */
  async #closeChannels(): Promise<void> {
    const channels = [...this.#channels];
    const ended = Promise.all(
      channels.map(async (channel) => await Promise.all([channel.close(), channel.ended])),
    );
    const grace = Promise.withResolvers<void>();
    const timer = setTimeout(grace.resolve, CLOSE_GRACE_MS);
    await Promise.race([ended, grace.promise]).finally(() => clearTimeout(timer));
    for (const channel of channels) channel.abort();
  }

  #channel(options: ConstructorParameters<typeof StreamChannel>[0]): StreamChannel {
    const channel = new StreamChannel(options);
    this.#channels.add(channel);
    void channel.ended.then(() => this.#channels.delete(channel));
    return channel;
  }

  /**
   * On a connection that stands, or else on a new one; one that stands may prove dead only when it is used. The latest is
   * the likeliest to live: a peer that was killed and started again connects anew before the old one is known to be dead.
   */
  async #openStream(wanted: WantedStream, addresses: readonly string[]): Promise<Stream> {
    const standing = this.#libp2p
      .getConnections(wanted.peerId)
      .filter(({ status }) => status === "open")
      .reduce<Connection | undefined>((a, b) => (a && a.timeline.open > b.timeline.open ? a : b), undefined);
    if (standing !== undefined) {
      try {
        return await negotiate(standing, wanted);
      } catch (error) {
        if (addresses.length === 0 || wanted.signal.aborted || isRefusal(error)) throw error;
      }
    }
    return await negotiate(await this.#connect(wanted, addresses), wanted);
  }

  async #connect({ peerId, signal }: WantedStream, addresses: readonly string[]): Promise<Connection> {
    const name = [peerId.toString(), ...addresses].join(" ");
    let dial = this.#dials.get(name);
    if (dial === undefined) {
      dial = this.#dial(peerId, addresses).finally(() => this.#dials.delete(name));
      this.#dials.set(name, dial);
    }
    return await raceSignal(dial, { signal });
  }

  async #dial(peerId: PeerId, addresses: readonly string[]): Promise<Connection> {
    using call = new Cancellation({ parents: [this.#shutdown.signal], timeoutMs: this.#dialTimeoutMs });
    return await staggeredRace<string, Connection>({
      ways: quicFirst(addresses),
      attempt: async (address, signal) => await this.#dialAddress(peerId, address, signal),
      discard: (late) => this.#closeIfUnused(late),
      signal: call.signal,
    });
  }

  /**
   * The address goes to libp2p without the peer's name, since it would dial the addresses of one peer one after the
   * other; who answered is checked here instead.
   */
  async #dialAddress(peerId: PeerId, address: string, signal: AbortSignal): Promise<Connection> {
    // Forced, or libp2p gives back the connection that stands to this address, which has just proved dead.
    const connection = await this.#libp2p.dial(multiaddr(withoutPeer(address)), { signal, force: true });
    if (connection.remotePeer.equals(peerId)) return connection;
    abortConnection(connection);
    throw new LatticeError("unavailable", `another peer answers at ${address}`);
  }

  #closeIfUnused(connection: Connection): void {
    if (connection.streams.length === 0) abortConnection(connection);
  }

  #openError(error: unknown, signal: AbortSignal | undefined): LatticeError {
    if (this.#shutdown.signal.aborted) return new LatticeError("closed", "the transport is closed");
    if (signal?.aborted === true) {
      return new LatticeError("cancelled", "opening the channel was cancelled", { cause: error });
    }
    if (error instanceof LatticeError) return error;
    const text = isRefusal(error) ? "the peer does not speak this protocol" : "the peer cannot be reached";
    return new LatticeError("unavailable", text, { cause: error });
  }
}

interface WantedStream {
  readonly peerId: PeerId;
  readonly protocol: string;
  readonly signal: AbortSignal;
}

/** Opening a QUIC stream waits without regard to any signal while the peer allows no more of them. */
async function negotiate(connection: Connection, { protocol, signal }: WantedStream): Promise<Stream> {
  using call = new Cancellation({ parents: [signal], timeoutMs: NEGOTIATION_TIMEOUT_MS });
  const limits = { maxOutboundStreams: CHANNELS_PER_PROTOCOL_COUNT_MAX, signal: call.signal };
  return await raceSignal(connection.newStream(protocol, limits), {
    signal: call.signal,
    discard: (late) => late.abort(new Error("opened too late")),
  });
}

function isRefusal(error: unknown): boolean {
  return error instanceof Error && error.name === "UnsupportedProtocolError";
}

function abortConnection(connection: Connection): void {
  try {
    connection.abort(new Error("disconnected"));
  } catch {
    // It was closing already.
  }
}

/** QUIC connects twice as fast and survives a change of network; among equals the caller's order counts. */
function quicFirst(addresses: readonly string[]): readonly string[] {
  const isQuic = (address: string): boolean => address.includes("/quic-v1");
  return [...addresses.filter(isQuic), ...addresses.filter((address) => !isQuic(address))];
}

function withoutPeer(address: string): string {
  return address.replace(/\/p2p\/.*$/, "");
}
