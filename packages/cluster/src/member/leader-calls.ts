/**
 * What only the leader can do, asked of any member: done here where this one leads, else by a call to the one that does. An
 * `EtcdError` there is the same here.
 */
import { EtcdError } from "@lattice/etcd-proto";
import { LatticeError } from "@lattice/model";
import { NOBODY, PackReader, PackWriter, type MemberId } from "@lattice/raft";
import type { PeerNetwork } from "@lattice/raft-net";

export type LeaderHandler = (request: Uint8Array) => Promise<Uint8Array>;

export interface LeaderCallsOptions {
  readonly self: MemberId;
  readonly leader: () => MemberId;
  readonly network: Pick<PeerNetwork, "call" | "handle">;
  readonly timeoutMs: number;
}

export class LeaderCalls {
  readonly #options: LeaderCallsOptions;
  readonly #handlers = new Map<string, LeaderHandler>();

  constructor(options: LeaderCallsOptions) {
    this.#options = options;
  }

  /** A handler throws `notLeader` where this member does not lead. */
  handle(method: string, handler: LeaderHandler): void {
    this.#handlers.set(method, handler);
    this.#options.network.handle(method, async (request) => {
      try {
        return encodeAnswer(await handler(request));
      } catch (error) {
        if (error instanceof EtcdError) return encodeError(error);
        throw error;
      }
    });
  }

  /** Rejects with an `EtcdError`; where the leader was lost under way it is not known whether it was done. */
  async call(method: string, request: Uint8Array): Promise<Uint8Array> {
    const { self, network, timeoutMs } = this.#options;
    const leader = this.#options.leader();
    if (leader === NOBODY) throw EtcdError.of("noLeader");
    if (leader === self) return this.#handlers.get(method)!(request);
    let answer: Uint8Array;
    try {
      answer = await network.call(leader, method, request, { signal: AbortSignal.timeout(timeoutMs) });
    } catch (error) {
      throw callFailure(error);
    }
    return decodeAnswer(answer);
  }
}

function callFailure(error: unknown): EtcdError {
  const { code, details } = LatticeError.from(error);
  if (details["outcome"] === "not-sent") return EtcdError.of("noLeader");
  return EtcdError.of(code === "cancelled" || code === "timeout" ? "timeout" : "timeoutDueToLeaderFail");
}

const OK = 0;

function encodeAnswer(answer: Uint8Array): Uint8Array {
  const writer = new PackWriter();
  writer.uint(OK);
  writer.bin(answer);
  return writer.written;
}

function encodeError({ code, message }: EtcdError): Uint8Array {
  const writer = new PackWriter();
  writer.uint(code);
  writer.bin(Buffer.from(message, "utf8"));
  return writer.written;
}

function decodeAnswer(bytes: Uint8Array): Uint8Array {
  const reader = new PackReader(bytes);
  const code = reader.uint();
  const content = reader.bin();
  if (code !== OK) throw new EtcdError(code, Buffer.from(content).toString("utf8"));
  return content;
}
