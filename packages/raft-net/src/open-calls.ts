/** Calls over a connection that are waiting for their answers. */
import { LatticeError } from "@lattice/model";
import type { MemberId } from "@lattice/raft";
import { notSent, outcomeUnknown } from "./errors.ts";
import { OPEN_CALLS_MAX } from "./limits.ts";
import type { Packet } from "./packet.ts";

interface OpenCall {
  readonly resolve: (answer: Uint8Array) => void;
  readonly reject: (error: LatticeError) => void;
}

export interface CallRequest {
  readonly method: string;
  readonly request: Uint8Array;
  readonly signal: AbortSignal;
}

export class OpenCalls {
  readonly #to: MemberId;
  readonly #open = new Map<number, OpenCall>();
  #nextNumber = 0;

  constructor(to: MemberId) {
    this.#to = to;
  }

  /** `send` answers whether it goes out. */
  ask({ method, request, signal }: CallRequest, send: (packet: Packet) => boolean): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      const number = this.#nextNumber++;
      const onAbort = () => {
        this.#open.delete(number);
        reject(new LatticeError("cancelled", "the call was cancelled"));
      };
      if (signal.aborted) return onAbort();
      if (this.#open.size >= OPEN_CALLS_MAX || !send({ kind: "call", number, method, request })) {
        return reject(notSent(this.#to, "too much waits for it already"));
      }
      signal.addEventListener("abort", onAbort, { once: true });
      const end = () => signal.removeEventListener("abort", onAbort);
      this.#open.set(number, {
        resolve: (answer) => {
          end();
          resolve(answer);
        },
        reject: (error) => {
          end();
          reject(error);
        },
      });
      return undefined;
    });
  }

  received(packet: Packet): void {
    if (packet.kind !== "answer" && packet.kind !== "fault") return;
    const call = this.#open.get(packet.number);
    this.#open.delete(packet.number);
    if (packet.kind === "answer") call?.resolve(packet.answer);
    else call?.reject(packet.error);
  }

  /** The connection is gone, and with it the answers. */
  fail(why: string): void {
    const calls = [...this.#open.values()];
    this.#open.clear();
    for (const { reject } of calls) reject(outcomeUnknown(this.#to, why));
  }
}
