/**
 * The network between members over TCP and TLS. Each member listens, and opens connections to all others: one for messages and
 * calls, and one for pieces of snapshots while there are any. So what it sends and what it is sent do not share a connection.
 */
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { LatticeError } from "@lattice/model";
import { NO_INDEX, type LogIndex, type MemberId, type Message } from "@lattice/raft";
import { notSent } from "./errors.ts";
import { Guest, type Household, type Method } from "./guest.ts";
import { judgeHello, Lane, VERSION, Why, type Hello, type RefusalNote } from "./hello.ts";
import { introduce } from "./introduction.ts";
import { BEAT_MS, STRANGERS_MAX } from "./limits.ts";
import { Link } from "./link.ts";
import type {
  CallHandler,
  CallOptions,
  ClusterId,
  HandleOptions,
  Introduction,
  PeerAddress,
  PeerEvents,
  PeerNetwork,
  RefusedBecause,
} from "./peer-network.ts";
import type { PeerCredentials } from "./tls.ts";

export interface TcpPeersOptions {
  readonly cluster: ClusterId;
  readonly id: MemberId;
  /** Where others find it. Port 0: any that is free. */
  readonly listen: readonly PeerAddress[];
  /** For addresses with TLS, this one's and others'. */
  readonly credentials?: PeerCredentials | undefined;
  readonly events: PeerEvents;
}

interface Way {
  readonly stream: Link;
  readonly bulk: Link;
}

/** Rejects with `in-use` where an address is taken, and with `invalid-argument` where it cannot be listened at. */
export async function listenTcpPeers(options: TcpPeersOptions): Promise<TcpPeers> {
  const peers = new TcpPeers(options);
  try {
    for (const address of options.listen) await peers.listen(address);
    return peers;
  } catch (error) {
    await peers.close();
    throw error;
  }
}

export class TcpPeers implements PeerNetwork {
  readonly #options: TcpPeersOptions;
  readonly #servers: Server[] = [];
  readonly #methods = new Map<string, Method>();
  readonly #ways = new Map<MemberId, Way>();
  readonly #guests = new Set<Guest>();
  readonly #house: Household;
  readonly #beat: NodeJS.Timeout;
  readonly #bound: PeerAddress[] = [];
  #asOf: LogIndex = NO_INDEX;
  #closed: Promise<void> | undefined;

  constructor(options: TcpPeersOptions) {
    this.#options = options;
    this.#house = {
      cluster: options.cluster,
      id: options.id,
      methods: this.#methods,
      judge: (hello, guest) => this.#judge(hello, guest),
      received: (message) => options.events.received(message),
      left: (guest) => this.#guests.delete(guest),
    };
    this.#beat = setInterval(() => this.#lookAfter(), BEAT_MS);
    this.#beat.unref();
  }

  get cluster(): ClusterId {
    return this.#options.cluster;
  }

  /** Where it listens, with the ports that were free. */
  get addresses(): readonly PeerAddress[] {
    return this.#bound;
  }

  /** Members that it is connected to. */
  get connected(): MemberId[] {
    return [...this.#ways].filter(([, { stream }]) => stream.isUp).map(([id]) => id);
  }

  async listen(address: PeerAddress): Promise<void> {
    const server = this.#serverFor(address);
    this.#servers.push(server);
    await new Promise<void>((resolve, reject) => {
      server.once("error", (error) => reject(cannotListen(address, error)));
      server.listen({ host: address.host, port: address.port }, resolve);
    });
    // What goes wrong with one who connects is no reason to fall.
    server.on("error", () => {});
    this.#bound.push({ ...address, port: (server.address() as AddressInfo).port });
  }

  setPeers(peers: ReadonlyMap<MemberId, readonly PeerAddress[]>, asOf: LogIndex): void {
    if (this.#closed !== undefined) return;
    this.#asOf = asOf;
    for (const [id, way] of this.#ways) {
      if (peers.has(id)) continue;
      this.#ways.delete(id);
      way.stream.close();
      way.bulk.close();
    }
    for (const [id, addresses] of peers) {
      if (id === this.#options.id) continue;
      const way = this.#ways.get(id);
      way?.stream.setAddresses(addresses);
      way?.bulk.setAddresses(addresses);
      if (way === undefined) this.#ways.set(id, this.#wayTo(id, addresses));
    }
    for (const guest of this.#guests) {
      if (!guest.isStranger && !this.#ways.has(guest.member)) guest.refuse(this.#notAMember(guest.member));
    }
  }

  handle(method: string, handler: CallHandler, options: HandleOptions = {}): void {
    this.#methods.set(method, { handler, ...options });
  }

  send(message: Message): void {
    const way = this.#ways.get(message.to);
    (message.type === "snapshot" ? way?.bulk : way?.stream)?.send({ kind: "message", message });
  }

  flush(): void {
    for (const { stream, bulk } of this.#ways.values()) {
      stream.flush();
      bulk.flush();
    }
  }

  call(to: MemberId, method: string, request: Uint8Array, { signal }: CallOptions): Promise<Uint8Array> {
    const way = this.#ways.get(to);
    if (way === undefined) return Promise.reject(notSent(to, "it is not known here"));
    return way.stream.call({ method, request, signal });
  }

  introduce(
    address: PeerAddress,
    method: string,
    request: Uint8Array,
    { signal }: CallOptions,
  ): Promise<Introduction> {
    return introduce(address, this.#options.credentials, { method, request, signal });
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    clearInterval(this.#beat);
    const closing = this.#servers.map(
      (server) => new Promise<void>((resolve) => server.close(() => resolve())),
    );
    for (const { stream, bulk } of this.#ways.values()) {
      stream.close();
      bulk.close();
    }
    this.#ways.clear();
    for (const guest of [...this.#guests]) guest.destroy();
    await Promise.all(closing);
  }

  #serverFor({ tls }: PeerAddress): Server {
    const welcome = (socket: Socket) => this.#welcome(socket);
    if (!tls) return createServer({ noDelay: true }, welcome);
    const { credentials } = this.#options;
    if (credentials === undefined)
      throw new LatticeError("invalid-argument", "TLS between members takes a certificate and its key");
    const isMutual = credentials.ca !== undefined;
    return createTlsServer(
      { ...credentials, requestCert: isMutual, rejectUnauthorized: isMutual, noDelay: true },
      welcome,
    ).on("tlsClientError", () => {});
  }

  #welcome(socket: Socket): void {
    const strangers = [...this.#guests].filter(({ isStranger }) => isStranger).length;
    if (this.#closed !== undefined || strangers >= STRANGERS_MAX) socket.destroy();
    else this.#guests.add(new Guest(socket, this.#house));
  }

  #judge(hello: Hello, guest: Guest): RefusalNote | undefined {
    const { cluster, id } = this.#options;
    const isMember = (member: MemberId) => this.#ways.has(member);
    const refusal = judgeHello(hello, { cluster, id, asOf: this.#asOf, isMember });
    if (refusal !== undefined || hello.lane === Lane.INTRODUCTION) return refusal;
    for (const other of this.#guests) {
      // What it had opened before is of no use to it any more.
      if (other !== guest && other.member === hello.from && other.lane === hello.lane) other.destroy();
    }
    const way = this.#ways.get(hello.from)!;
    way.stream.wake();
    way.bulk.wake();
    return undefined;
  }

  #notAMember(member: MemberId): RefusalNote {
    const { cluster, id } = this.#options;
    const hello = { version: VERSION, cluster, from: member, to: id, lane: Lane.STREAM };
    return judgeHello(hello, { cluster, id, asOf: this.#asOf, isMember: () => false })!;
  }

  #wayTo(to: MemberId, addresses: readonly PeerAddress[]): Way {
    const { cluster, id: from, credentials, events } = this.#options;
    const common = { cluster, from, to, addresses, credentials };
    const refused = (note: RefusalNote) => this.#refused(note);
    const stream = new Link({ ...common, lane: Lane.STREAM, lost: () => events.lost(to), refused });
    const bulk = new Link({ ...common, lane: Lane.BULK, lost: () => {}, refused: () => {} });
    return { stream, bulk };
  }

  #refused({ member, why, asOf, text }: RefusalNote): void {
    const because = this.#reasonOf(why, asOf);
    if (because !== undefined) this.#options.events.refused(member, because, text);
  }

  /** Undefined where it may pass by itself. */
  #reasonOf(why: Why, asOf: LogIndex): RefusedBecause | undefined {
    switch (why) {
      case Why.VERSION:
        return "wrong-version";
      case Why.CLUSTER:
        return "wrong-cluster";
      case Why.MEMBER:
        return "wrong-member";
      case Why.NOT_A_MEMBER:
        // Where the other one knows less, it has yet to hear of this member.
        return asOf > this.#asOf ? "removed" : undefined;
      default:
        return undefined;
    }
  }

  #lookAfter(): void {
    const nowMs = performance.now();
    for (const { stream, bulk } of this.#ways.values()) {
      stream.beat(nowMs);
      bulk.beat(nowMs);
    }
    for (const guest of this.#guests) guest.beat(nowMs);
  }
}

function cannotListen({ host, port }: PeerAddress, cause: NodeJS.ErrnoException): LatticeError {
  const code = cause.code === "EADDRINUSE" ? "in-use" : "invalid-argument";
  return new LatticeError(code, `members cannot be listened to at ${host}:${port}: ${cause.message}`, {
    cause,
  });
}
