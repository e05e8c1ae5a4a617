/**
 * Who is calling, and whether that one may call at all; what stands at the service side of `AuthState`.
 *
 * A caller is known by the token that the call comes with, or else by the common name of the certificate that its connection
 * was opened with. A token that is not known is refused even where users are not told apart, as etcd does.
 */
import { EtcdError, GrpcCode } from "@lattice/etcd-proto";
import type { CallContext } from "@lattice/grpc-front";
import type { RequestUser } from "../machine/request.ts";
import type { AuthState } from "./auth-state.ts";
import { refuseKnown } from "./key-checks.ts";
import { TOKEN_WAIT_MS } from "./limits.ts";
import { isOldRevision } from "./old-revision.ts";

type Caller = Pick<CallContext, "metadata" | "commonName" | "signal">;
type Found = RequestUser | undefined;

export interface AuthGateOptions {
  readonly auth: AuthState;
  /** How far this member has applied its log. */
  readonly appliedIndex: () => number;
  /** Resolves when it has applied as far; rejects when the signal is aborted. */
  readonly waitApplied: (index: number, signal: AbortSignal) => Promise<void>;
}

export class AuthGate {
  readonly #options: AuthGateOptions;

  constructor(options: AuthGateOptions) {
    this.#options = options;
  }

  /**
   * Undefined where the caller is nobody in particular. At once, unless it shows a token that this member may learn of any moment.
   * Throws or rejects with "invalid auth token".
   */
  callerOf(call: Caller): Found | Promise<Found> {
    const token = call.metadata.get("token") ?? call.metadata.get("authorization");
    if (token === undefined) return this.#named(call.commonName);
    return this.#holderOf(token) ?? this.#whenKnown(token, call.signal);
  }

  /** As `callerOf`, for what goes on for longer than anything is known: whoever it is, whether or not users are told apart now. */
  async nameOf(call: Caller): Promise<string | undefined> {
    const user = await this.callerOf(call);
    return user?.name ?? (call.commonName === "" ? undefined : call.commonName);
  }

  /**
   * Does it as who is calling, and again where users or roles have changed since that was found out. Whoever calls often, and
   * as nobody in particular, gets an answer at once where `attempt` gives one.
   */
  asCaller<T>(call: Caller, attempt: (user: Found) => T | Promise<T>): T | Promise<T> {
    const user = this.callerOf(call);
    return user === undefined ? attempt(user) : this.#repeat(call, user, attempt);
  }

  /** Rejects where the caller may not administer this cluster. */
  async admitAdministrator(call: Caller): Promise<void> {
    await this.asCaller(call, (user) => throwIf(this.#options.auth.refuseAdministrator(user)));
  }

  /** The same in the words of etcd's Maintenance service, which gives neither code nor prefix to what its store of users says. */
  async admitMaintainer(call: Caller): Promise<void> {
    try {
      await this.admitAdministrator(call);
    } catch (error) {
      if (!(error instanceof EtcdError)) throw error;
      throw new EtcdError(GrpcCode.UNKNOWN, error.message.replace(/^etcdserver: /, "auth: "));
    }
  }

  /** Rejects where users are told apart and this is none. */
  async admitKnown(call: Caller): Promise<void> {
    await this.asCaller(call, (user) => throwIf(refuseKnown(this.#options.auth, user)));
  }

  async #repeat<T>(
    call: Caller,
    first: Found | Promise<Found>,
    attempt: (user: Found) => T | Promise<T>,
  ): Promise<T> {
    let user = await first;
    for (;;) {
      try {
        return await attempt(user);
      } catch (error) {
        if (!isOldRevision(error) || call.signal.aborted) throw error;
        user = await this.callerOf(call);
      }
    }
  }

  #named(commonName: string | undefined): Found {
    const { auth } = this.#options;
    if (commonName === undefined || commonName === "" || !auth.isEnabled) return undefined;
    return { name: commonName, authRevision: auth.revision };
  }

  #holderOf(token: string): Found {
    const { auth } = this.#options;
    const name = auth.tokens.use(token);
    return name === undefined ? undefined : { name, authRevision: auth.revision };
  }

  /** A token says where in the log it was given out, perhaps at a member that is ahead of this one. */
  async #whenKnown(token: string, signal: AbortSignal): Promise<Found> {
    const index = Number(/^[A-Za-z]+\.([1-9]\d{0,14})$/.exec(token)?.[1] ?? 0);
    if (index > this.#options.appliedIndex()) {
      const limit = AbortSignal.any([signal, AbortSignal.timeout(TOKEN_WAIT_MS)]);
      await this.#options.waitApplied(index, limit).catch(() => undefined);
    }
    const holder = this.#holderOf(token);
    if (holder === undefined) throw EtcdError.of("invalidAuthToken");
    return holder;
  }
}

function throwIf(refusal: EtcdError | undefined): void {
  if (refusal !== undefined) throw refusal;
}
