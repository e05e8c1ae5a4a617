/** What the leader knows of leases, for whoever asks at any member. */
import { EtcdError, EtcdErrors, type EtcdErrorName } from "@lattice/etcd-proto";
import { readU64be, u64be } from "@lattice/model";
import { PackReader, PackWriter } from "@lattice/raft";
import type { LeaderCalls } from "../member/leader-calls.ts";
import type { LeaseClock } from "../services/lease-service.ts";
import type { Lessor } from "./lessor.ts";

export interface LeaderLeaseClockPorts {
  readonly lessor: Lessor;
  readonly leaderCalls: LeaderCalls;
  readonly nowMs: () => number;
  /** Resolves once it is certain that this member led when it was asked; rejects with an `EtcdError`. */
  readonly confirmLead: () => Promise<void>;
  /** Of a lease as it was granted; undefined where there is none. */
  readonly grantedSeconds: (id: bigint) => number | undefined;
  /** Resolves when this member knows of another leader, or after a while. */
  readonly leaderChange: () => Promise<void>;
  readonly timeoutMs: number;
}

const RENEW = "cluster.renew-lease";
const TIME_TO_LIVE = "cluster.time-to-live";

/** After these nothing has happened, or it does no harm to do it again. */
const REPEATABLE: readonly EtcdErrorName[] = [
  "noLeader",
  "notLeader",
  "leaderChanged",
  "timeoutDueToLeaderFail",
];

export class LeaderLeaseClock implements LeaseClock {
  readonly #ports: LeaderLeaseClockPorts;

  constructor(ports: LeaderLeaseClockPorts) {
    this.#ports = ports;
    ports.leaderCalls.handle(RENEW, (request) => this.#serveRenew(leaseId(request)));
    ports.leaderCalls.handle(TIME_TO_LIVE, (request) => this.#serveTimeToLive(leaseId(request)));
  }

  async renew(id: bigint): Promise<number> {
    return new PackReader(await this.#ask(RENEW, id)).uint();
  }

  async timeToLive(id: bigint) {
    const reader = new PackReader(await this.#ask(TIME_TO_LIVE, id));
    if (reader.maybeNil()) return undefined;
    return { grantedSeconds: reader.uint(), leftSeconds: reader.uint() };
  }

  /** A client that keeps a lease alive is better off waiting for the next leader than beginning anew. */
  async #ask(method: string, id: bigint): Promise<Uint8Array> {
    const { leaderCalls, leaderChange, nowMs, timeoutMs } = this.#ports;
    const request = u64be(BigInt.asUintN(64, id));
    const givenUpAtMs = nowMs() + timeoutMs;
    for (;;) {
      try {
        return await leaderCalls.call(method, request);
      } catch (error) {
        if (!isRepeatable(error) || nowMs() >= givenUpAtMs) throw error;
        await leaderChange();
      }
    }
  }

  async #serveRenew(id: bigint): Promise<Uint8Array> {
    const { lessor, nowMs, confirmLead } = this.#ports;
    const fromMs = nowMs();
    await confirmLead();
    const renewed = await lessor.renew(id, fromMs);
    if (renewed === "moved") throw EtcdError.of("notLeader");
    return packed((writer) => writer.uint(renewed === "gone" ? 0 : renewed));
  }

  async #serveTimeToLive(id: bigint): Promise<Uint8Array> {
    const { lessor, confirmLead, grantedSeconds } = this.#ports;
    await confirmLead();
    if (!lessor.isPrimary) throw EtcdError.of("notLeader");
    const leftMs = lessor.remainingMs(id);
    const granted = grantedSeconds(id);
    if (leftMs === undefined || granted === undefined) return packed((writer) => writer.nil());
    return packed((writer) => {
      writer.uint(granted);
      writer.uint(Math.max(0, Math.floor(leftMs / 1000)));
    });
  }
}

function isRepeatable(error: unknown): boolean {
  return error instanceof EtcdError && REPEATABLE.some((name) => EtcdErrors[name][1] === error.message);
}

function leaseId(request: Uint8Array): bigint {
  return BigInt.asIntN(64, readU64be(request));
}

function packed(write: (writer: PackWriter) => void): Uint8Array {
  const writer = new PackWriter();
  write(writer);
  return writer.written;
}
