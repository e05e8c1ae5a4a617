/**
 * The network of a simulation: hosts, and between each two of them a way there and a way back, each with its own
 * conditions, each of which can be cut by itself. Deterministic: chance comes from one generator, time from one queue.
 */
import { equalBytes, LatticeError, type PubKey } from "@lattice/model";
import type { Prng } from "../prng.ts";
import type { Scheduler } from "../scheduler.ts";
import type { Trace } from "../trace.ts";
import { GOOD_CONDITIONS, type Conditions } from "./conditions.ts";
import { SimChannel, type Way } from "./sim-channel.ts";
import { SimTransport } from "./sim-transport.ts";

/** Ends that hear nothing of each other for that long are broken, as libp2p's are (net/limits.ts). */
const IDLE_TIMEOUT_MS = 10_000;
/** A host that does not answer at all costs this; one that runs no node says so at once. */
const HANDSHAKE_TIMEOUT_MS = 5_000;
/** A packet that was lost is sent again after this and a round trip, then after twice as long, and so on. */
const RESEND_MS = 50;
const RESEND_MS_MAX = 2_000;

export type HostId = string;

export interface SimNetworkOptions {
  readonly scheduler: Scheduler;
  readonly random: Prng;
  readonly trace: Trace;
}

interface Ends {
  readonly from: HostId;
  readonly to: HostId;
  readonly channel: SimChannel;
}

export class SimNetwork {
  readonly #options: SimNetworkOptions;
  readonly #transports = new Map<HostId, SimTransport>();
  /** Hosts whose machine is on, whether a node runs there or not. */
  readonly #on = new Set<HostId>();
  readonly #ends = new Set<Ends>();
  readonly #conditions = new Map<string, Conditions>();
  readonly #cuts = new Map<string, number>();
  readonly #busyUntilMs = new Map<string, number>();
  #base: Conditions = GOOD_CONDITIONS;

  constructor(options: SimNetworkOptions) {
    this.#options = options;
  }

  /** A node's transport on a host; it takes the place of the one before. */
  attach(host: HostId, self: PubKey): SimTransport {
    const transport = new SimTransport(self, {
      address: addressOf(host),
      after: (ms, run) => void this.#options.scheduler.after(ms, `net ${host}`, run),
      dial: (peer, protocol, addresses, answer) => this.#dial({ host, peer, protocol, addresses }, answer),
      closed: () => {
        if (this.#transports.get(host) === transport) this.#transports.delete(host);
      },
    });
    this.#transports.set(host, transport);
    this.#on.add(host);
    return transport;
  }

  /**
   * The process has died. Its machine tells the others, unless it has died, too. Hosts below it, as `m1/2` is below `m1`, go
   * with it.
   */
  lose(host: HostId, options: { machine: boolean }): void {
    for (const below of this.#transports.keys()) if (below.startsWith(`${host}/`)) this.lose(below, options);
    this.#transports.delete(host);
    if (options.machine) this.#on.delete(host);
    for (const { from, to, channel } of this.#ends) {
      if (from !== host) continue;
      if (options.machine) {
        channel.break();
        this.#breakLater(to, host);
      } else channel.abort();
    }
  }

  /** For every way that has none of its own. */
  setBase(conditions: Conditions): void {
    this.#base = conditions;
  }

  setConditions(from: HostId, to: HostId, conditions: Conditions | undefined): void {
    if (conditions === undefined) this.#conditions.delete(way(from, to));
    else this.#conditions.set(way(from, to), conditions);
  }

  /** Nothing gets from one to the other any more. */
  cut(from: HostId, to: HostId): void {
    const key = way(from, to);
    if (this.#cuts.has(key)) return;
    const sinceMs = this.#options.scheduler.nowMs;
    this.#cuts.set(key, sinceMs);
    const { scheduler } = this.#options;
    scheduler.after(IDLE_TIMEOUT_MS, "net idle", () => {
      if (this.#cuts.get(key) !== sinceMs) return;
      this.#breakBetween(from, to);
    });
  }

  heal(from: HostId, to: HostId): void {
    this.#cuts.delete(way(from, to));
  }

  get isCut(): boolean {
    return this.#cuts.size > 0;
  }

  healAll(): void {
    this.#cuts.clear();
    this.#conditions.clear();
  }

  /** Breaks what stands between two hosts, which may connect again at once. */
  reset(a: HostId, b: HostId): void {
    this.#breakBetween(a, b);
  }

  /** The most that waits in one channel. */
  mostHeldBytes(): number {
    let most = 0;
    for (const { channel } of this.#ends) most = Math.max(most, channel.heldBytes);
    return most;
  }

  get channelCount(): number {
    return this.#ends.size;
  }

  #breakBetween(a: HostId, b: HostId): void {
    for (const { from, to, channel } of this.#ends) {
      if ((from === a && to === b) || (from === b && to === a)) channel.break();
    }
  }

  /** The ends at `host` that lead to `gone`, which does not answer any more. */
  #breakLater(host: HostId, gone: HostId): void {
    const orphans = [...this.#ends].filter(({ from, to }) => from === host && to === gone);
    this.#options.scheduler.after(IDLE_TIMEOUT_MS, "net idle", () => {
      for (const { channel } of orphans) channel.break();
    });
  }

  #dial(
    {
      host,
      peer,
      protocol,
      addresses,
    }: { host: HostId; peer: PubKey; protocol: string; addresses: readonly string[] },
    answer: (outcome: SimChannel | LatticeError) => void,
  ): void {
    const { scheduler, trace } = this.#options;
    const known = [...this.#ends].find(
      ({ from, channel }) => from === host && equalBytes(channel.peer, peer),
    );
    const hosts = [...new Set([...(known ? [known.to] : []), ...addresses.map(hostOf)])].filter(
      (to): to is HostId => to !== undefined && to !== host,
    );
    trace.count("dials");
    const tryNext = (at: number): void => {
      const to = hosts[at];
      if (to === undefined) {
        answer(new LatticeError("unavailable", "the peer cannot be reached"));
        return;
      }
      let state: "dialling" | "answered" | "given up" = "dialling";
      const stopWaiting = scheduler.after(HANDSHAKE_TIMEOUT_MS, `net ${host}`, () => {
        state = "given up";
        tryNext(at + 1);
      });
      let isGreeted = false;
      this.#carry(host, to, new Uint8Array(1), () => {
        if (state !== "dialling" || isGreeted || !this.#on.has(to)) return;
        isGreeted = true;
        const outcome = this.#welcome({ host, to, peer, protocol });
        this.#carry(to, host, new Uint8Array(1), () => {
          if (state === "given up" && outcome instanceof SimChannel) outcome.abort();
          if (state !== "dialling") return;
          state = "answered";
          stopWaiting();
          if (outcome === undefined) tryNext(at + 1);
          else answer(outcome);
        });
      });
    };
    tryNext(0);
  }

  #welcome(call: {
    host: HostId;
    to: HostId;
    peer: PubKey;
    protocol: string;
  }): SimChannel | LatticeError | undefined {
    const near = this.#transports.get(call.host);
    const far = this.#transports.get(call.to);
    if (near === undefined || far === undefined || !equalBytes(far.self, call.peer)) return undefined;
    if (!far.speaks(call.protocol)) {
      return new LatticeError("unavailable", `the peer does not speak ${call.protocol}`);
    }
    const nearEnd = this.#end(call.host, call.to, {
      peer: call.peer,
      protocol: call.protocol,
      outbound: true,
    });
    const farEnd = this.#end(call.to, call.host, {
      peer: near.self,
      protocol: call.protocol,
      outbound: false,
    });
    SimChannel.join(nearEnd, farEnd);
    near.adopt(nearEnd);
    far.adopt(farEnd);
    far.accept(call.protocol, farEnd);
    return nearEnd;
  }

  #end(from: HostId, to: HostId, about: { peer: PubKey; protocol: string; outbound: boolean }): SimChannel {
    const onWay: Way = { carry: (packet, arrive) => this.#carry(from, to, packet, arrive) };
    const channel: SimChannel = new SimChannel({
      ...about,
      way: onWay,
      onEnded: () => {
        this.#ends.delete(ends);
        this.#transports.get(from)?.forget(channel);
      },
    });
    const ends: Ends = { from, to, channel };
    this.#ends.add(ends);
    return channel;
  }

  #carry(from: HostId, to: HostId, packet: Uint8Array, arrive: () => void, attempt = 0): void {
    const { scheduler, random, trace } = this.#options;
    const key = way(from, to);
    const { latencyMs, jitterMs, loss, duplication, bytesPerMs } = this.#conditions.get(key) ?? this.#base;
    const startMs = Math.max(scheduler.nowMs, this.#busyUntilMs.get(key) ?? 0);
    const doneMs = startMs + packet.length / bytesPerMs;
    this.#busyUntilMs.set(key, doneMs);
    const delayMs = doneMs - scheduler.nowMs + latencyMs;
    const label = `packet ${from} ${to}`;
    if (this.#cuts.has(key) || random.chance(loss)) {
      trace.count("packets lost");
      const pauseMs = Math.min(RESEND_MS_MAX, RESEND_MS * 2 ** attempt) + 2 * latencyMs;
      // What is gone on both ends is not sent for ever.
      if (!this.#on.has(from) || attempt > 64) return;
      scheduler.after(pauseMs, label, () => this.#carry(from, to, packet, arrive, attempt + 1));
      return;
    }
    const deliver = (): void => {
      trace.note(scheduler.nowMs, label, packet);
      arrive();
    };
    trace.count("packets");
    trace.count("bytes", packet.length);
    scheduler.after(delayMs + random.below(1000) * (jitterMs / 1000), label, deliver);
    if (random.chance(duplication)) {
      trace.count("packets doubled");
      scheduler.after(delayMs + random.below(1000) * (jitterMs / 250), label, deliver);
    }
  }
}

export function addressOf(host: HostId): string {
  return `/sim/${host}`;
}

function hostOf(address: string): HostId | undefined {
  return /^\/sim\/(.+)$/.exec(address)?.[1];
}

function way(from: HostId, to: HostId): string {
  return `${from}>${to}`;
}
