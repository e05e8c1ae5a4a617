/** A connection that somebody else has opened: their messages, and their calls, which are answered here. */
import type { Socket } from "node:net";
import { LatticeError } from "@lattice/model";
import { NOBODY, type MemberId, type Message } from "@lattice/raft";
import { Connection } from "./connection.ts";
import { noSuchMethod } from "./errors.ts";
import { Lane, VERSION, type Hello, type RefusalNote } from "./hello.ts";
import {
  FRAME_BYTES_MAX,
  HELLO_BYTES_MAX,
  HELLO_MS_MAX,
  INTRODUCTION_MS_MAX,
  OPEN_CALLS_MAX,
} from "./limits.ts";
import type { Packet } from "./packet.ts";
import type { CallHandler, ClusterId, HandleOptions } from "./peer-network.ts";

export interface Method extends HandleOptions {
  readonly handler: CallHandler;
}

/** What is there for guests. */
export interface Household {
  readonly cluster: ClusterId;
  readonly id: MemberId;
  readonly methods: ReadonlyMap<string, Method>;
  /** Why this one is not let in; undefined where it is. */
  readonly judge: (hello: Hello, guest: Guest) => RefusalNote | undefined;
  readonly received: (message: Message) => void;
  readonly left: (guest: Guest) => void;
}

export class Guest {
  readonly #house: Household;
  readonly #connection: Connection;
  #guard: NodeJS.Timeout | undefined;
  #hello: Hello | undefined;
  #openCalls = 0;

  constructor(socket: Socket, house: Household) {
    this.#house = house;
    this.#connection = new Connection({
      socket,
      between: () => ({ from: this.member, to: house.id }),
      bytesMax: () => (this.isStranger ? HELLO_BYTES_MAX : FRAME_BYTES_MAX),
      received: (packet) => this.#received(packet),
      closed: () => {
        clearTimeout(this.#guard);
        house.left(this);
      },
    });
    this.#endIn(HELLO_MS_MAX);
  }

  /** `NOBODY` before its hello, and where it is no member. */
  get member(): MemberId {
    return this.#hello?.from ?? NOBODY;
  }

  get lane(): Lane | undefined {
    return this.#hello?.lane;
  }

  /** Before its hello, and where it only introduces itself. */
  get isStranger(): boolean {
    return this.#hello === undefined || this.#hello.lane === Lane.INTRODUCTION;
  }

  refuse(refusal: RefusalNote): void {
    this.#connection.send({ kind: "refusal", refusal });
    this.#connection.end();
  }

  beat(nowMs: number): void {
    this.#connection.beat(nowMs);
  }

  destroy(): void {
    this.#connection.destroy();
  }

  #received(packet: Packet): void {
    if (this.#hello === undefined) {
      if (packet.kind !== "hello") throw new LatticeError("corrupt", "a connection begins with a hello");
      this.#greet(packet.hello);
      return;
    }
    if (packet.kind === "call") void this.#answer(packet);
    else if (packet.kind === "message" && !this.isStranger) this.#house.received(packet.message);
  }

  #greet(hello: Hello): void {
    const refusal = this.#house.judge(hello, this);
    if (refusal !== undefined) {
      this.refuse(refusal);
      return;
    }
    this.#hello = hello;
    clearTimeout(this.#guard);
    if (this.isStranger) this.#endIn(INTRODUCTION_MS_MAX);
    const { cluster, id: member } = this.#house;
    this.#connection.send({ kind: "welcome", welcome: { version: VERSION, cluster, member } });
    this.#connection.flush();
  }

  #endIn(ms: number): void {
    this.#guard = setTimeout(() => this.#connection.destroy(), ms);
    this.#guard.unref();
  }

  /** Never rejects. */
  async #answer({ number, method, request }: Packet & { readonly kind: "call" }): Promise<void> {
    this.#openCalls += 1;
    try {
      const answer = await this.#call(method, request);
      this.#connection.send({ kind: "answer", number, answer });
    } catch (error) {
      this.#connection.send({ kind: "fault", number, error: LatticeError.from(error) });
    } finally {
      this.#openCalls -= 1;
    }
  }

  async #call(method: string, request: Uint8Array): Promise<Uint8Array> {
    const known = this.#house.methods.get(method);
    if (known === undefined) throw noSuchMethod(method);
    if (this.isStranger && known.isOpen !== true)
      throw new LatticeError("permission-denied", `"${method}" is for members of the cluster`);
    if (this.#openCalls > OPEN_CALLS_MAX)
      throw new LatticeError("resource-exhausted", "too many calls are under way");
    return known.handler(request, { member: this.member });
  }
}
