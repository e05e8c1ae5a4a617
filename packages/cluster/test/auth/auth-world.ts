/** One member's users and roles with the service before them, without a cluster: what is proposed is applied at once. */
import { EtcdError, type etcdserverpb } from "@lattice/etcd-proto";
import { GrpcError, type CallContext, type Method } from "@lattice/grpc-front";
import { MemoryStorage } from "@lattice/storage";
import { AuthGate } from "../../src/auth/auth-gate.ts";
import { AUTH_TABLES } from "../../src/auth/auth-rows.ts";
import { authService } from "../../src/auth/auth-service.ts";
import { AuthState } from "../../src/auth/auth-state.ts";
import { Passwords } from "../../src/auth/passwords.ts";
import { decodeRequest, encodeRequest, type ClusterRequest } from "../../src/machine/request.ts";
import type { MemberPort } from "../../src/services/member-port.ts";

const HEADER: etcdserverpb.ResponseHeader = {
  clusterId: 1n,
  memberId: 2n,
  revision: 1n,
  raftTerm: 2n,
};

export interface CallOptions {
  readonly token?: string | undefined;
  readonly commonName?: string | undefined;
  readonly signal?: AbortSignal;
}

export class AuthWorld {
  readonly storage = new MemoryStorage({ tables: AUTH_TABLES });
  nowMs = 0;
  readonly auth = new AuthState({ storage: this.storage, now: () => this.nowMs });
  index = 0;
  /** Everything that was proposed, as it is in the log. */
  readonly log: Uint8Array[] = [];
  /** Runs before the next proposal is applied, once. */
  beforeApply: (() => void) | undefined;
  readonly gate = new AuthGate({
    auth: this.auth,
    appliedIndex: () => this.index,
    waitApplied: (index, signal) => this.#waitApplied(index, signal),
  });
  readonly #arrivals: (() => void)[] = [];
  readonly member: MemberPort = {
    propose: async ({ kind, body, user }) => {
      const outcome = this.apply({ kind, body, user, session: undefined });
      if (outcome instanceof EtcdError) throw outcome;
      return { revision: 1, response: outcome };
    },
    readBarrier: async () => undefined,
    header: () => HEADER,
    admit: () => undefined,
  };
  readonly methods: ReadonlyMap<string, Method> = new Map(
    authService({
      auth: this.auth,
      gate: this.gate,
      member: this.member,
      passwords: new Passwords({ cost: 4 }),
    }),
  );

  apply(request: ClusterRequest) {
    const bytes = encodeRequest(request);
    this.log.push(bytes);
    const { beforeApply } = this;
    this.beforeApply = undefined;
    beforeApply?.();
    return this.replay(bytes);
  }

  /** An entry of the log that comes from elsewhere. */
  replay(bytes: Uint8Array) {
    this.index += 1;
    const index = this.index;
    const outcome = this.storage.transaction((table) =>
      this.auth.apply(decodeRequest(bytes), { table, index }),
    );
    for (const arrive of this.#arrivals.splice(0)) arrive();
    return outcome;
  }

  async call(name: string, request: Uint8Array, options: CallOptions = {}): Promise<Uint8Array> {
    const method = this.methods.get(`/etcdserverpb.Auth/${name}`);
    if (method?.kind !== "unary") throw new Error(`there is no method ${name}`);
    return await method.handle(request, callContext(options));
  }

  async #waitApplied(index: number, signal: AbortSignal): Promise<void> {
    while (this.index < index) {
      await new Promise<void>((resolve, reject) => {
        this.#arrivals.push(resolve);
        signal.addEventListener("abort", () => reject(new Error("given up")));
      });
    }
  }
}

export function callContext({ token, commonName, signal }: CallOptions = {}): CallContext {
  return {
    path: "",
    metadata: { get: (name) => (name === "token" ? token : undefined) },
    deadlineMs: undefined,
    remote: "127.0.0.1:1",
    commonName,
    signal: signal ?? new AbortController().signal,
  };
}

/** "code text" of what it fails with, or "ok". */
export async function statusOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return "ok";
  } catch (error) {
    if (error instanceof GrpcError || error instanceof EtcdError) return `${error.code} ${error.message}`;
    throw error;
  }
}
