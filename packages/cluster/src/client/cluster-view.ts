/**
 * How clusters fare, asked of each of their members, for a node that tells of them.
 *
 * Rules
 *  1. Members that were named tell of the others, which are asked as well.
 *  2. Only members that were named see the user's password.
 *  3. Whoever asks while others wait for an answer gets theirs.
 */
import type * as Grpc from "@grpc/grpc-js";
import type { ClusterView } from "@lattice/api";
import { LatticeError } from "@lattice/model";
import type { daemon } from "@lattice/proto";
import { AskedMember, type MemberAnswer } from "./asked-member.ts";
import type { UserPassword } from "./auth-token.ts";
import type { ClientTls } from "./connection.ts";
import { endpointText, parseEndpoint, type Endpoint } from "./endpoint.ts";
import { FOUND_MEMBER_COUNT_MAX } from "./limits.ts";
import { clientEndpoints, memberLists, memberReports } from "./member-reports.ts";

export interface ClusterViewOptions {
  /** `HOST:PORT`, `http://HOST:PORT` or `https://HOST:PORT`; of one cluster or of several. */
  readonly endpoints: readonly string[];
  readonly tls?: ClientTls | undefined;
  /** Who asks for the members, where a cluster has users; nobody else is told of them. */
  readonly user?: UserPassword | undefined;
}

export interface OpenClusterView extends ClusterView, AsyncDisposable {
  /** Later questions fail with `closed`. Can be called twice. */
  close(): Promise<void>;
}

/** Does not speak to anybody yet. Throws `invalid-argument` for what is no endpoint. */
export async function openClusterView(options: ClusterViewOptions): Promise<OpenClusterView> {
  const endpoints = options.endpoints.map((text) => parseEndpoint(text));
  return new AskingView(await import("@grpc/grpc-js"), endpoints, options);
}

class AskingView implements OpenClusterView {
  readonly endpoints: readonly string[];
  readonly #grpc: typeof Grpc;
  readonly #options: ClusterViewOptions;
  readonly #named: readonly AskedMember[];
  /** By endpoint. */
  readonly #found = new Map<string, AskedMember>();
  readonly #closing = new AbortController();
  #asking: Promise<daemon.ClusterMember[]> | undefined;

  constructor(grpc: typeof Grpc, endpoints: readonly Endpoint[], options: ClusterViewOptions) {
    this.endpoints = endpoints.map((endpoint) => endpointText(endpoint));
    this.#grpc = grpc;
    this.#options = options;
    this.#named = endpoints.map((endpoint) => this.#member(endpoint, { isNamed: true }));
  }

  async members(): Promise<daemon.ClusterMember[]> {
    this.#closing.signal.throwIfAborted();
    this.#asking ??= this.#ask().finally(() => (this.#asking = undefined));
    return await this.#asking;
  }

  close(): Promise<void> {
    if (!this.#closing.signal.aborted)
      this.#closing.abort(new LatticeError("closed", "this view of clusters was closed"));
    for (const member of [...this.#named, ...this.#found.values()]) member.close();
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #ask(): Promise<daemon.ClusterMember[]> {
    const answers = await answersOf([...this.#named, ...this.#found.values()]);
    const found = this.#find(answers);
    return memberReports([...answers, ...(await answersOf(found))]);
  }

  /** Whom nobody has asked yet. Who is a member no longer is forgotten. */
  #find(answers: readonly MemberAnswer[]): readonly AskedMember[] {
    this.#closing.signal.throwIfAborted();
    const members = [...memberLists(answers).values()].flat();
    const listed = new Map(
      members.flatMap((member) => clientEndpoints(member)).map((each) => [endpointText(each), each]),
    );
    for (const [text, member] of this.#found) {
      if (listed.has(text)) continue;
      member.close();
      this.#found.delete(text);
    }
    const answering = new Set(answers.map(({ status }) => status?.header?.memberId));
    const silent = members.filter(({ id }) => !answering.has(id));
    return silent.flatMap((member) => clientEndpoints(member)).flatMap((endpoint) => this.#meet(endpoint));
  }

  #meet(endpoint: Endpoint): readonly AskedMember[] {
    const text = endpointText(endpoint);
    const isKnown = this.#found.has(text) || this.#named.some((member) => member.endpoint === text);
    if (isKnown || this.#found.size >= FOUND_MEMBER_COUNT_MAX) return [];
    const member = this.#member(endpoint, { isNamed: false });
    this.#found.set(text, member);
    return [member];
  }

  #member(endpoint: Endpoint, { isNamed }: { readonly isNamed: boolean }): AskedMember {
    const { tls, user } = this.#options;
    return new AskedMember({
      grpc: this.#grpc,
      endpoint,
      tls,
      user: isNamed ? user : undefined,
      isNamed,
      signal: this.#closing.signal,
    });
  }
}

function answersOf(members: readonly AskedMember[]): Promise<MemberAnswer[]> {
  return Promise.all(members.map((member) => member.ask()));
}
