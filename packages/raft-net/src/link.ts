/**
 * The way to one other member: a connection that this member opens, and opens again whenever it is lost. It carries what
 * this member sends, and answers to its calls; what the other one sends comes over a connection of its own.
 *
 *   idle ── dial ──▶ connecting ── connected, hello ──▶ greeting ── welcome ──▶ up
 *    ▲                   │                                 │                     │
 *    └──── after a while ┴─────────── it broke ────────────┴─────────────────────┘
 *
 * It waits longer between tries the more of them have failed, and not at all once the other member has shown itself.
 */
import type { Socket } from "node:net";
import type { MemberId } from "@lattice/raft";
import { Connection } from "./connection.ts";
import { notSent } from "./errors.ts";
import { Lane, VERSION, Why, type RefusalNote } from "./hello.ts";
import { BULK_IDLE_MS, BULK_WAITING_MAX, FRAME_BYTES_MAX, HELLO_MS_MAX, RETRY_MS } from "./limits.ts";
import { OpenCalls, type CallRequest } from "./open-calls.ts";
import type { Packet } from "./packet.ts";
import type { ClusterId, PeerAddress } from "./peer-network.ts";
import { dial, type PeerCredentials } from "./tls.ts";

export interface LinkOptions {
  readonly cluster: ClusterId;
  readonly from: MemberId;
  readonly to: MemberId;
  readonly lane: Lane;
  readonly addresses: readonly PeerAddress[];
  readonly credentials: PeerCredentials | undefined;
  /** It was up, and broke. */
  readonly lost: () => void;
  readonly refused: (note: RefusalNote) => void;
}

export class Link {
  readonly #options: LinkOptions;
  readonly #calls: OpenCalls;
  #addresses: readonly PeerAddress[];
  #socket: Socket | undefined;
  #connection: Connection | undefined;
  #isUp = false;
  /** This side, or a refusal, ended the connection: the other member need not be gone. */
  #isGivenUp = false;
  #tries = 0;
  #timer: NodeJS.Timeout | undefined;
  /** Of the bulk lane, which is there only when it is needed. */
  #waiting: Packet[] = [];
  #usedAtMs = performance.now();
  #isClosed = false;

  constructor(options: LinkOptions) {
    this.#options = options;
    this.#addresses = options.addresses;
    this.#calls = new OpenCalls(options.to);
    if (options.lane === Lane.STREAM) this.#dial();
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  setAddresses(addresses: readonly PeerAddress[]): void {
    if (sameAddresses(addresses, this.#addresses)) return;
    this.#addresses = addresses;
    this.#tries = 0;
    // What it is connected to may be another member by now.
    this.#isGivenUp = true;
    this.#connection?.destroy();
    this.#socket?.destroy();
    if (this.#options.lane === Lane.STREAM) this.wake();
  }

  /** The other member has shown itself: it can be connected to, now. */
  wake(): void {
    if (this.#isClosed || this.#socket !== undefined) return;
    if (this.#timer === undefined && this.#options.lane === Lane.BULK) return;
    this.#tries = 0;
    this.#dial();
  }

  /** What cannot be sent is dropped. */
  send(packet: Packet): void {
    this.#usedAtMs = performance.now();
    if (this.#isUp) this.#connection!.send(packet);
    else if (this.#options.lane === Lane.BULK && this.#waiting.length < BULK_WAITING_MAX) {
      this.#waiting.push(packet);
      if (this.#socket === undefined && this.#timer === undefined) this.#dial();
    }
  }

  call(request: CallRequest): Promise<Uint8Array> {
    const connection = this.#connection;
    if (!this.#isUp || connection === undefined)
      return Promise.reject(notSent(this.#options.to, "there is no connection to it"));
    return this.#calls.ask(request, (packet) => connection.send(packet));
  }

  flush(): void {
    this.#connection?.flush();
  }

  beat(nowMs: number): void {
    const isIdle = this.#options.lane === Lane.BULK && nowMs - this.#usedAtMs > BULK_IDLE_MS;
    if (isIdle && this.#isUp) this.#leave();
    else this.#connection?.beat(nowMs);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#calls.fail("this member is closing");
    this.#leave();
  }

  #leave(): void {
    this.#isUp = false;
    this.#connection?.end();
    if (this.#connection === undefined) this.#socket?.destroy();
    this.#connection = undefined;
    this.#socket = undefined;
  }

  #dial(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const address = this.#addresses[this.#tries % this.#addresses.length];
    if (this.#isClosed || address === undefined) return;
    this.#tries += 1;
    this.#isGivenUp = false;
    const { socket, isConnectedBy } = dial(address, this.#options.credentials);
    this.#socket = socket;
    const guard = setTimeout(() => socket.destroy(), HELLO_MS_MAX);
    socket.once("close", () => {
      clearTimeout(guard);
      this.#over(socket);
    });
    socket.once("error", () => socket.destroy());
    socket.once(isConnectedBy, () => this.#greet(socket, guard));
  }

  #greet(socket: Socket, guard: NodeJS.Timeout): void {
    const { cluster, from, to, lane } = this.#options;
    const connection = new Connection({
      socket,
      between: () => ({ from: to, to: from }),
      bytesMax: () => FRAME_BYTES_MAX,
      received: (packet) => {
        if (packet.kind === "welcome") clearTimeout(guard);
        this.#received(connection, packet);
      },
      closed: () => {},
    });
    this.#connection = connection;
    connection.send({ kind: "hello", hello: { version: VERSION, cluster, from, to, lane } });
    connection.flush();
  }

  #received(connection: Connection, packet: Packet): void {
    const { cluster, to } = this.#options;
    if (connection !== this.#connection) return;
    switch (packet.kind) {
      case "welcome":
        if (packet.welcome.cluster === cluster && packet.welcome.member === to) this.#up(connection);
        else connection.destroy();
        return;
      case "refusal":
        this.#isGivenUp = true;
        // For a while: only then is it worth asking whether something has changed.
        if (packet.refusal.why !== Why.NOT_A_MEMBER && packet.refusal.why !== Why.BUSY) this.#tries += 8;
        this.#options.refused(packet.refusal);
        connection.destroy();
        return;
      default:
        this.#calls.received(packet);
    }
  }

  #up(connection: Connection): void {
    this.#isUp = true;
    this.#tries = 0;
    this.#usedAtMs = performance.now();
    for (const packet of this.#waiting.splice(0)) connection.send(packet);
    connection.flush();
  }

  /** A socket is closed, whoever did it. */
  #over(socket: Socket): void {
    if (socket !== this.#socket) return;
    const wasUp = this.#isUp;
    this.#isUp = false;
    this.#socket = undefined;
    this.#connection = undefined;
    this.#waiting = [];
    this.#calls.fail("the connection broke");
    if (this.#isClosed) return;
    if (this.#options.lane === Lane.STREAM || !wasUp) this.#retryLater();
    if (wasUp && !this.#isGivenUp) this.#options.lost();
  }

  #retryLater(): void {
    const [first, last] = RETRY_MS;
    const waitMs = Math.min(last, first * 2 ** Math.max(0, this.#tries - 1));
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      const isWanted = this.#options.lane === Lane.STREAM || this.#waiting.length > 0;
      if (isWanted) this.#dial();
    }, waitMs);
    this.#timer.unref();
  }
}

function sameAddresses(a: readonly PeerAddress[], b: readonly PeerAddress[]): boolean {
  return (
    a.length === b.length &&
    a.every(({ host, port, tls }, at) => {
      const other = b[at]!;
      return host === other.host && port === other.port && tls === other.tls;
    })
  );
}
