/**
 * One member that is asked again and again how it fares, each time once: whoever looks wants to know how it is now, and what does not
 * answer is away.
 */
import type * as Grpc from "@grpc/grpc-js";
import { etcdserverpb } from "@lattice/etcd-proto";
import { LatticeError } from "@lattice/model";
import type { IMessageType } from "@protobuf-ts/runtime";
import { AuthToken, type UserPassword } from "./auth-token.ts";
import { CallFailure } from "./call-failure.ts";
import { Connection, type ClientTls, type MetadataFields } from "./connection.ts";
import { endpointText, type Endpoint } from "./endpoint.ts";
import { LOOK_TIMEOUT_MS } from "./limits.ts";

export interface AskedMemberOptions {
  readonly grpc: typeof Grpc;
  readonly endpoint: Endpoint;
  readonly tls: ClientTls | undefined;
  /** Who asks for the other members, where the cluster has users. Anybody may ask how a member fares. */
  readonly user: UserPassword | undefined;
  /** Whether a person named it, rather than another member. */
  readonly isNamed: boolean;
  /** Ends whatever is asked. */
  readonly signal: AbortSignal;
}

/** What an endpoint has told of itself and of its cluster. */
export interface KnownMember {
  readonly clusterId: bigint;
  readonly id: bigint;
  /** All members; empty where it does not tell. */
  readonly members: readonly etcdserverpb.Member[];
  /** The last entry that its state showed when it told them: of two lists, the one of the later entry holds. */
  readonly listedIndex: bigint;
}

export interface MemberAnswer {
  readonly endpoint: string;
  readonly isNamed: boolean;
  /** Absent where it does not answer now. */
  readonly status: etcdserverpb.StatusResponse | undefined;
  /** What it told last, now or earlier; absent where it never did. */
  readonly known: KnownMember | undefined;
  /** Why it does not answer; empty where it does. */
  readonly away: string;
}

const NOBODY: MetadataFields = {};

export class AskedMember {
  readonly endpoint: string;
  readonly #isNamed: boolean;
  readonly #signal: AbortSignal;
  readonly #connection: Connection;
  readonly #token: AuthToken;
  #known: KnownMember | undefined;

  /** Does not speak to it yet. */
  constructor({ grpc, endpoint, tls, user, isNamed, signal }: AskedMemberOptions) {
    this.endpoint = endpointText(endpoint);
    this.#isNamed = isNamed;
    this.#signal = signal;
    this.#connection = new Connection({ grpc, endpoint, tls });
    this.#token = new AuthToken(user, (request) => this.#send("Auth/Authenticate", request, NOBODY));
  }

  /** Never rejects. */
  async ask(): Promise<MemberAnswer> {
    const { endpoint } = this;
    const isNamed = this.#isNamed;
    try {
      const [status, members] = await Promise.all([this.#status(), this.#members()]);
      this.#learn(status, members);
      return { endpoint, isNamed, status, known: this.#known, away: "" };
    } catch (error) {
      return { endpoint, isNamed, status: undefined, known: this.#known, away: reasonOf(error) };
    }
  }

  close(): void {
    this.#connection.close();
  }

  #status(): Promise<etcdserverpb.StatusResponse> {
    const { StatusRequest, StatusResponse } = etcdserverpb;
    return this.#call("Maintenance/Status", { I: StatusRequest, O: StatusResponse, request: {} });
  }

  /** As this member knows them, so that there need be no majority to ask. Undefined where it does not tell. */
  async #members(): Promise<readonly etcdserverpb.Member[] | undefined> {
    const { MemberListRequest: I, MemberListResponse: O } = etcdserverpb;
    try {
      const metadata = await this.#token.metadata();
      const request = { linearizable: false };
      return (await this.#call("Cluster/MemberList", { I, O, request, metadata })).members;
    } catch (error) {
      this.#token.isOutdatedBy(reasonOf(error));
      return undefined;
    }
  }

  #learn(status: etcdserverpb.StatusResponse, members: readonly etcdserverpb.Member[] | undefined): void {
    const { clusterId = 0n, memberId: id = 0n } = status.header ?? {};
    const before = this.#known?.id === id ? this.#known : undefined;
    this.#known = {
      clusterId,
      id,
      members: members ?? before?.members ?? [],
      listedIndex: members === undefined ? (before?.listedIndex ?? 0n) : status.raftAppliedIndex,
    };
  }

  async #call<Q extends object, R extends object>(method: string, call: Call<Q, R>): Promise<R> {
    const message = call.I.toBinary(call.I.create(call.request as never));
    return call.O.fromBinary(await this.#send(method, message, call.metadata ?? NOBODY));
  }

  #send(method: string, message: Uint8Array, metadata: MetadataFields): Promise<Uint8Array> {
    const options = { metadata, timeoutMs: LOOK_TIMEOUT_MS, signal: this.#signal };
    return this.#connection.unary(`/etcdserverpb.${method}`, message, options);
  }
}

interface Call<Q extends object, R extends object> {
  readonly I: IMessageType<Q>;
  readonly O: IMessageType<R>;
  readonly request: Partial<Q>;
  readonly metadata?: MetadataFields;
}

function reasonOf(error: unknown): string {
  return error instanceof CallFailure ? error.error.message : LatticeError.from(error).message;
}
