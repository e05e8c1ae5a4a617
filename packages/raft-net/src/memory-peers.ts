/**
 * A network between members of one process, for tests and simulations. Whoever makes it may decide when, and whether, something
 * gets from one to another; left alone, everything comes soon and in order.
 */
import { LatticeError } from "@lattice/model";
import { memberId, NOBODY, NO_INDEX, type LogIndex, type MemberId, type Message } from "@lattice/raft";
import { noSuchMethod, notSent, outcomeUnknown } from "./errors.ts";
import type {
  CallHandler,
  CallOptions,
  ClusterId,
  HandleOptions,
  Introduction,
  PeerAddress,
  PeerEvents,
  PeerNetwork,
} from "./peer-network.ts";

export interface Delivery {
  readonly from: MemberId;
  readonly to: MemberId;
  /** A message of Raft, or what is undefined of a call and its answer. */
  readonly message: Message | undefined;
}

export interface MemoryPeersOptions {
  /** Gets something there by calling `arrive`, once, later; or loses it. Default: in a turn of its own. */
  readonly carry?: (delivery: Delivery, arrive: () => void) => void;
}

export interface MemoryMember {
  readonly cluster: ClusterId;
  readonly id: MemberId;
  readonly events: PeerEvents;
}

export class MemoryPeers {
  readonly #carry: (delivery: Delivery, arrive: () => void) => void;
  readonly #members = new Map<MemberId, MemoryPeer>();

  constructor({ carry = (_, arrive) => void setImmediate(arrive) }: MemoryPeersOptions = {}) {
    this.#carry = carry;
  }

  /** A member that was there under that id is gone. Until `setPeers` it speaks with everybody. */
  join(member: MemoryMember): PeerNetwork {
    void this.#members.get(member.id)?.close();
    const peer = new MemoryPeer(this, member);
    this.#members.set(member.id, peer);
    return peer;
  }

  /** Where to find it, as far as that means anything here: the port is the id. */
  addressOf(id: MemberId): PeerAddress {
    return { host: "memory", port: id, tls: false };
  }

  get(id: MemberId): MemoryPeer | undefined {
    return this.#members.get(id);
  }

  carry(delivery: Delivery, arrive: () => void): void {
    this.#carry(delivery, arrive);
  }

  leave(peer: MemoryPeer): void {
    if (this.#members.get(peer.id) !== peer) return;
    this.#members.delete(peer.id);
    for (const other of this.#members.values()) other.lose(peer.id);
  }
}

interface Method extends HandleOptions {
  readonly handler: CallHandler;
}

interface PendingCall {
  readonly to: MemberId;
  readonly reject: (error: LatticeError) => void;
}

class MemoryPeer implements PeerNetwork {
  readonly #network: MemoryPeers;
  readonly #member: MemoryMember;
  readonly #methods = new Map<string, Method>();
  readonly #calls = new Set<PendingCall>();
  #peers: ReadonlyMap<MemberId, readonly PeerAddress[]> | undefined;
  #asOf: LogIndex = NO_INDEX;
  #isClosed = false;

  constructor(network: MemoryPeers, member: MemoryMember) {
    this.#network = network;
    this.#member = member;
  }

  get id(): MemberId {
    return this.#member.id;
  }

  get cluster(): ClusterId {
    return this.#member.cluster;
  }

  get asOf(): LogIndex {
    return this.#asOf;
  }

  setPeers(peers: ReadonlyMap<MemberId, readonly PeerAddress[]>, asOf: LogIndex): void {
    this.#peers = peers;
    this.#asOf = asOf;
  }

  handle(method: string, handler: CallHandler, options: HandleOptions = {}): void {
    this.#methods.set(method, { handler, ...options });
  }

  send(message: Message): void {
    if (this.#isClosed || message.to === this.id || !this.knows(message.to)) return;
    const delivery = { from: this.id, to: message.to, message };
    this.#network.carry(delivery, () => this.#network.get(message.to)?.receive(message, this));
  }

  flush(): void {}

  /** From another member. */
  receive(message: Message, from: MemoryPeer): void {
    if (this.#isClosed || from.#isClosed) return;
    if (this.#admits(from)) this.#member.events.received(message);
  }

  async call(
    to: MemberId,
    method: string,
    request: Uint8Array,
    { signal }: CallOptions,
  ): Promise<Uint8Array> {
    const peer = this.knows(to) ? this.#network.get(to) : undefined;
    if (this.#isClosed || peer === undefined) throw notSent(to, "there is no connection to it");
    return this.#ask(peer, { method, request, caller: this.id, signal });
  }

  async introduce(
    address: PeerAddress,
    method: string,
    request: Uint8Array,
    { signal }: CallOptions,
  ): Promise<Introduction> {
    const to = memberId(address.port);
    const peer = this.#network.get(to);
    if (this.#isClosed || peer === undefined) throw notSent(to, "nobody listens there");
    const answer = await this.#ask(peer, { method, request, caller: NOBODY, signal });
    return { cluster: peer.cluster, member: peer.id, answer };
  }

  lose(member: MemberId): void {
    if (this.#isClosed) return;
    for (const call of this.#calls) {
      if (call.to === member) call.reject(outcomeUnknown(member, "the connection broke"));
    }
    if (this.knows(member)) this.#member.events.lost(member);
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const call of this.#calls) call.reject(outcomeUnknown(call.to, "this member is closing"));
    this.#network.leave(this);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  knows(member: MemberId): boolean {
    return this.#peers === undefined || this.#peers.has(member);
  }

  async answer(method: string, request: Uint8Array, caller: MemberId): Promise<Uint8Array> {
    const known = this.#methods.get(method);
    if (known === undefined) throw noSuchMethod(method);
    if (caller === NOBODY && known.isOpen !== true)
      throw new LatticeError("permission-denied", `"${method}" is for members`);
    return known.handler(request, { member: caller });
  }

  /** Tells a member that is refused why. */
  refuse(by: MemoryPeer): void {
    if (this.#isClosed || by.asOf <= this.#asOf) return;
    this.#member.events.refused(by.id, "removed", `member ${this.id} was removed from the cluster`);
  }

  #admits(from: MemoryPeer): boolean {
    if (from.cluster !== this.cluster) return false;
    const isKnown = this.knows(from.id);
    if (!isKnown) from.refuse(this);
    return isKnown;
  }

  #ask(
    peer: MemoryPeer,
    what: { method: string; request: Uint8Array; caller: MemberId; signal: AbortSignal },
  ): Promise<Uint8Array> {
    const { method, request, caller, signal } = what;
    const { id: from } = this;
    const to = peer.id;
    return new Promise<Uint8Array>((resolve, reject) => {
      const end = () => {
        this.#calls.delete(call);
        signal.removeEventListener("abort", onAbort);
      };
      const settle = (error: unknown, answer?: Uint8Array) => {
        if (!this.#calls.has(call)) return;
        end();
        if (answer === undefined) reject(LatticeError.from(error));
        else resolve(answer);
      };
      const onAbort = () => settle(new LatticeError("cancelled", "the call was cancelled"));
      const call: PendingCall = { to, reject: settle };
      this.#calls.add(call);
      if (signal.aborted) onAbort();
      signal.addEventListener("abort", onAbort, { once: true });
      const back = (error: unknown, answer?: Uint8Array) =>
        this.#network.carry({ from: to, to: from, message: undefined }, () => settle(error, answer));
      this.#network.carry({ from, to, message: undefined }, () => {
        if (peer.#isClosed || (caller !== NOBODY && !peer.#admits(this)))
          back(outcomeUnknown(to, "it is gone"));
        else peer.answer(method, request, caller).then((answer) => back(undefined, answer), back);
      });
    });
  }
}
