/**
 * etcd's Auth service: changes of users and roles go through the log, questions wait until this member is up to date.
 *
 * A password is turned into what is kept of it, and is checked, before anything is proposed; so it is in no log, and to apply a
 * request takes no time anywhere.
 */
import { randomBytes } from "node:crypto";
import { etcdserverpb, EtcdError, GrpcCode } from "@lattice/etcd-proto";
import type { CallContext, Method } from "@lattice/grpc-front";
import { utf8 } from "@lattice/model";
import type { IMessageType } from "@protobuf-ts/runtime";
import { RequestKind, type RequestUser } from "../machine/request.ts";
import type { MemberPort, ServiceMethods } from "../services/member-port.ts";
import { unaryMethod } from "../services/unary-method.ts";
import type { AuthGate } from "./auth-gate.ts";
import type { AuthAnswer, AuthState } from "./auth-state.ts";
import { TOKEN_LETTERS } from "./limits.ts";
import { isOldRevision } from "./old-revision.ts";
import type { Passwords } from "./passwords.ts";

export interface AuthServiceOptions {
  readonly auth: AuthState;
  readonly gate: AuthGate;
  readonly member: MemberPort;
  readonly passwords: Passwords;
}

export function authService(options: AuthServiceOptions): ServiceMethods {
  return new AuthService(options).methods();
}

type Headed = { header?: etcdserverpb.ResponseHeader };

class AuthService {
  readonly #auth: AuthState;
  readonly #gate: AuthGate;
  readonly #member: MemberPort;
  readonly #passwords: Passwords;

  constructor({ auth, gate, member, passwords }: AuthServiceOptions) {
    this.#auth = auth;
    this.#gate = gate;
    this.#member = member;
    this.#passwords = passwords;
  }

  *methods(): ServiceMethods {
    yield* this.#changes();
    yield* this.#passwordMethods();
    yield* this.#questions();
  }

  /** Those that are proposed as they came. */
  *#changes(): ServiceMethods {
    const pb = etcdserverpb;
    const kind = RequestKind;
    yield this.#change("AuthEnable", kind.AUTH_ENABLE, pb.AuthEnableRequest, pb.AuthEnableResponse);
    yield this.#change("AuthDisable", kind.AUTH_DISABLE, pb.AuthDisableRequest, pb.AuthDisableResponse);
    yield this.#change("UserDelete", kind.USER_DELETE, pb.AuthUserDeleteRequest, pb.AuthUserDeleteResponse);
    yield this.#change(
      "UserGrantRole",
      kind.USER_GRANT_ROLE,
      pb.AuthUserGrantRoleRequest,
      pb.AuthUserGrantRoleResponse,
    );
    yield this.#change(
      "UserRevokeRole",
      kind.USER_REVOKE_ROLE,
      pb.AuthUserRevokeRoleRequest,
      pb.AuthUserRevokeRoleResponse,
    );
    yield this.#change("RoleAdd", kind.ROLE_ADD, pb.AuthRoleAddRequest, pb.AuthRoleAddResponse);
    yield this.#change("RoleDelete", kind.ROLE_DELETE, pb.AuthRoleDeleteRequest, pb.AuthRoleDeleteResponse);
    yield this.#change(
      "RoleGrantPermission",
      kind.ROLE_GRANT_PERMISSION,
      pb.AuthRoleGrantPermissionRequest,
      pb.AuthRoleGrantPermissionResponse,
    );
    yield this.#change(
      "RoleRevokePermission",
      kind.ROLE_REVOKE_PERMISSION,
      pb.AuthRoleRevokePermissionRequest,
      pb.AuthRoleRevokePermissionResponse,
    );
  }

  *#passwordMethods(): ServiceMethods {
    const pb = etcdserverpb;
    yield method("UserAdd", pb.AuthUserAddRequest, pb.AuthUserAddResponse, (request, call) =>
      this.#addUser(request, call),
    );
    yield method(
      "UserChangePassword",
      pb.AuthUserChangePasswordRequest,
      pb.AuthUserChangePasswordResponse,
      (request, call) => this.#changePassword(request, call),
    );
    yield method("Authenticate", pb.AuthenticateRequest, pb.AuthenticateResponse, (request, call) =>
      this.#authenticate(request, call),
    );
  }

  *#questions(): ServiceMethods {
    const pb = etcdserverpb;
    yield method("AuthStatus", pb.AuthStatusRequest, pb.AuthStatusResponse, (_, call) =>
      this.#answer(call, (user) => {
        this.#admitAdministrator(user);
        return { enabled: this.#auth.isEnabled, authRevision: BigInt(this.#auth.revision) };
      }),
    );
    yield method("UserGet", pb.AuthUserGetRequest, pb.AuthUserGetResponse, ({ name }, call) =>
      this.#answer(call, (user) => ({ roles: this.#rolesOf(name, user) })),
    );
    yield method("UserList", pb.AuthUserListRequest, pb.AuthUserListResponse, (_, call) =>
      this.#answer(call, (user) => {
        this.#admitAdministrator(user);
        return { users: this.#auth.userNames() };
      }),
    );
    yield method("RoleGet", pb.AuthRoleGetRequest, pb.AuthRoleGetResponse, ({ role }, call) =>
      this.#answer(call, (user) => ({ perm: this.#permissionsOf(role, user) })),
    );
    yield method("RoleList", pb.AuthRoleListRequest, pb.AuthRoleListResponse, (_, call) =>
      this.#answer(call, (user) => {
        this.#admitAdministrator(user);
        return { roles: this.#auth.roleNames() };
      }),
    );
  }

  #change<Q extends object>(
    name: string,
    kind: RequestKind,
    request: IMessageType<Q>,
    response: IMessageType<Headed>,
  ): [string, Method] {
    return method(name, request, response, async (message, call) => {
      await this.#propose(call, kind, request.toBinary(message));
      return this.#headed();
    });
  }

  async #addUser(
    { name, password, options }: etcdserverpb.AuthUserAddRequest,
    call: CallContext,
  ): Promise<etcdserverpb.AuthUserAddResponse> {
    await this.#gate.admitAdministrator(call);
    const hashedPassword = options?.noPassword === true ? "" : await this.#passwords.hash(password);
    const request = { name, password: "", options, hashedPassword };
    await this.#propose(call, RequestKind.USER_ADD, etcdserverpb.AuthUserAddRequest.toBinary(request));
    return this.#headed();
  }

  async #changePassword(
    { name, password }: etcdserverpb.AuthUserChangePasswordRequest,
    call: CallContext,
  ): Promise<etcdserverpb.AuthUserChangePasswordResponse> {
    await this.#gate.admitAdministrator(call);
    const request = { name, password: "", hashedPassword: await this.#passwords.hash(password) };
    const body = etcdserverpb.AuthUserChangePasswordRequest.toBinary(request);
    await this.#propose(call, RequestKind.USER_CHANGE_PASSWORD, body);
    return this.#headed();
  }

  /** Again, where users changed while the password was checked. */
  async #authenticate(
    { name, password }: etcdserverpb.AuthenticateRequest,
    call: CallContext,
  ): Promise<etcdserverpb.AuthenticateResponse> {
    await this.#member.readBarrier(call);
    for (;;) {
      const user = await this.#checkPassword(name, password);
      try {
        const body = utf8(randomLetters(TOKEN_LETTERS));
        const done = await this.#member.propose({ kind: RequestKind.AUTHENTICATE, body, user, call });
        const { token = "" } = done.response as AuthAnswer;
        return { ...this.#headed(), token };
      } catch (error) {
        if (!isOldRevision(error) || call.signal.aborted) throw error;
      }
    }
  }

  async #checkPassword(name: string, password: string): Promise<RequestUser> {
    const auth = this.#auth;
    if (!auth.isEnabled) throw EtcdError.of("authNotEnabled");
    const { revision: authRevision } = auth;
    const user = auth.user(name);
    if (user?.options?.noPassword === true) throw noPasswordUser();
    const kept = user && Buffer.from(user.password).toString("utf8");
    if (!(await this.#passwords.matches(password, kept))) throw EtcdError.of("authFailed");
    return { name, authRevision };
  }

  async #propose(call: CallContext, kind: RequestKind, body: Uint8Array): Promise<void> {
    await this.#gate.asCaller(call, (user) => this.#member.propose({ kind, body, user, call }));
  }

  /** `answer` sees what this member has when it is up to date, and throws where the caller may not. */
  async #answer<A extends object>(
    call: CallContext,
    answer: (user: RequestUser | undefined) => A,
  ): Promise<A & Headed> {
    await this.#member.readBarrier(call);
    return await this.#gate.asCaller(call, (user) => ({ ...this.#headed(), ...answer(user) }));
  }

  /** Everybody may see his own roles. */
  #rolesOf(name: string, user: RequestUser | undefined): string[] {
    // Nobody is, as etcd has it, the user without a name, whom there is not.
    const isOwn = name === (user?.name ?? "");
    if (!isOwn) this.#admitAdministrator(user);
    const found = this.#auth.user(name);
    if (found === undefined) throw EtcdError.of("userNotFound");
    return found.roles;
  }

  /** Everybody may see what the roles are that he has. */
  #permissionsOf(name: string, user: RequestUser | undefined): etcdserverpb.AuthRoleGetResponse["perm"] {
    const isOwn = user !== undefined && this.#auth.user(user.name)?.roles.includes(name) === true;
    if (!isOwn) this.#admitAdministrator(user);
    const role = this.#auth.role(name);
    if (role === undefined) throw EtcdError.of("roleNotFound");
    return role.keyPermission;
  }

  #admitAdministrator(user: RequestUser | undefined): void {
    const refusal = this.#auth.refuseAdministrator(user);
    if (refusal !== undefined) throw refusal;
  }

  #headed(): { header: etcdserverpb.ResponseHeader } {
    return { header: this.#member.header() };
  }
}

function method<Q extends object, R extends object>(
  name: string,
  request: IMessageType<Q>,
  response: IMessageType<R>,
  handle: (request: Q, call: CallContext) => Promise<R>,
): [string, Method] {
  return [`/etcdserverpb.Auth/${name}`, unaryMethod({ request, response, handle })];
}

/** etcd has no code for it, and no prefix. */
function noPasswordUser(): EtcdError {
  const text = "auth: authentication failed, password was given for no password user";
  return new EtcdError(GrpcCode.UNKNOWN, text);
}

/** Drawn evenly. */
function randomLetters(count: number): string {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  let text = "";
  while (text.length < count) {
    for (const byte of randomBytes(count * 2)) {
      if (byte < 4 * letters.length && text.length < count) text += letters[byte % letters.length];
    }
  }
  return text;
}
