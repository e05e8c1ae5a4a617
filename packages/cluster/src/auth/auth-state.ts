/**
 * Users, roles and whether they matter: the part of the replicated state that says who may do what. Changed by requests of the
 * log, asked by the services of each member and again when a request of the key space is applied.
 *
 * Invariants
 *  1. `apply` is deterministic: rows and answers are the same on every member. Tokens are not rows: see `AuthTokens`.
 *  2. Each change of a user or a role makes the revision greater. Who was let in at an older revision is let in anew before
 *     anything is permitted to him, so that nothing is permitted by what no longer holds.
 *  3. No password comes here, in the log or in the rows: only what `passwords.ts` makes of one.
 *  4. As long as users are told apart, the user root has the role root.
 *
 * Checks, their order and their words are etcd 3.4's, which test/auth-vectors were read off.
 */
import { authpb, EtcdError, type EtcdErrorName, type etcdserverpb } from "@lattice/etcd-proto";
import { compareBytes, equalBytes, utf8 } from "@lattice/model";
import type { Storage } from "@lattice/storage";
import { RequestKind, type ClusterRequest, type RequestUser } from "../machine/request.ts";
import {
  deleteRole,
  deleteUser,
  listRoles,
  listUsers,
  readEnabled,
  readRevision,
  readRole,
  readUser,
  writeEnabled,
  writeRevision,
  writeRole,
  writeUser,
  type WriteTable,
} from "./auth-rows.ts";
import { changeOf, type AuthChange } from "./auth-change.ts";
import { AuthTokens } from "./auth-tokens.ts";
import { NAME_BYTES_MAX, ROW_BYTES_MAX } from "./limits.ts";
import { Permissions } from "./permissions.ts";

const ROOT = "root";

export interface AuthContext {
  readonly table: WriteTable;
  /** Of the entry in the log; a part of the token that is given out in it. */
  readonly index: number;
}

/** What the answer says beside its header. */
export interface AuthAnswer {
  readonly token?: string;
}

export type AuthOutcome = AuthAnswer | EtcdError;

export interface AuthStateOptions {
  readonly storage: Storage;
  /** In milliseconds, never going back; for how long tokens hold. */
  readonly now: () => number;
}

const DONE: AuthAnswer = {};

export class AuthState {
  readonly tokens: AuthTokens;
  #storage: Storage;
  #isEnabled: boolean;
  #revision: number;
  /** Another whenever anybody's permissions may have changed, at this member; says nothing to others. */
  #version = 0;
  #announced = 0;
  readonly #listeners = new Set<() => void>();
  /** Of users that were asked for since roles changed last. */
  readonly #permissions = new Map<string, UserPermissions>();

  constructor({ storage, now }: AuthStateOptions) {
    this.tokens = new AuthTokens(now);
    this.#storage = storage;
    this.#isEnabled = readEnabled(this.#table);
    this.#revision = readRevision(this.#table);
  }

  get isEnabled(): boolean {
    return this.#isEnabled;
  }

  get revision(): number {
    return this.#revision;
  }

  /** Calls back whenever anybody's permissions may have changed, until what it gives is called. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** To be called when what was applied stands, or another state has taken the place of this one. */
  announceChanges(): void {
    if (this.#version === this.#announced) return;
    this.#announced = this.#version;
    for (const listener of [...this.#listeners]) listener();
  }

  user(name: string): authpb.User | undefined {
    return readUser(this.#table, name);
  }

  userNames(): string[] {
    return listUsers(this.#table);
  }

  role(name: string): authpb.Role | undefined {
    return readRole(this.#table, name);
  }

  roleNames(): string[] {
    return listRoles(this.#table);
  }

  /** Undefined: there is no such user. */
  permissionsOf(name: string): UserPermissions | undefined {
    const known = this.#permissions.get(name);
    if (known !== undefined) return known;
    const user = this.user(name);
    if (user === undefined) return undefined;
    const permissions = this.#collectPermissions(user);
    this.#permissions.set(name, permissions);
    return permissions;
  }

  /** Why he may not administer users, members and this server; undefined where he may. */
  refuseAdministrator(user: RequestUser | undefined): EtcdError | undefined {
    if (!this.#isEnabled) return undefined;
    if (user === undefined || user.name === "") return EtcdError.of("userEmpty");
    return this.permissionsOf(user.name)?.isRoot === true ? undefined : EtcdError.of("permissionDenied");
  }

  /** Another state has taken the place of this one. */
  reload(storage: Storage): void {
    this.#storage = storage;
    this.#isEnabled = readEnabled(this.#table);
    this.#revision = readRevision(this.#table);
    // What took tokens back may be among the entries that this member has skipped.
    this.tokens.clear();
    this.#forgetPermissions();
  }

  /** Within the transaction that `context` stands for. The kind is one of users and roles. */
  apply(request: ClusterRequest, context: AuthContext): AuthOutcome {
    if (request.kind === RequestKind.AUTHENTICATE) return this.#authenticate(request, context);
    const refusal = this.refuseAdministrator(request.user);
    if (refusal !== undefined) return refusal;
    const change = changeOf(request);
    // A later version's, or nobody's: no member may end by it.
    if (change === undefined) return EtcdError.of("notCapable");
    const refused = this.#change(change, context.table);
    return refused === undefined ? DONE : EtcdError.of(refused);
  }

  #change({ kind, message }: AuthChange, table: WriteTable): EtcdErrorName | undefined {
    switch (kind) {
      case RequestKind.AUTH_ENABLE:
        return this.#enable(table);
      case RequestKind.AUTH_DISABLE:
        return this.#disable(table);
      case RequestKind.USER_ADD:
        return this.#addUser(message, table);
      case RequestKind.USER_DELETE:
        return this.#deleteUser(message, table);
      case RequestKind.USER_CHANGE_PASSWORD:
        return this.#changePassword(message, table);
      case RequestKind.USER_GRANT_ROLE:
        return this.#grantRole(message, table);
      case RequestKind.USER_REVOKE_ROLE:
        return this.#revokeRole(message, table);
      case RequestKind.ROLE_ADD:
        return this.#addRole(message, table);
      case RequestKind.ROLE_DELETE:
        return this.#deleteRole(message, table);
      case RequestKind.ROLE_GRANT_PERMISSION:
        return this.#grantPermission(message, table);
      case RequestKind.ROLE_REVOKE_PERMISSION:
        return this.#revokePermission(message, table);
    }
  }

  /** The body is the random part of the token; the password was checked at the revision that the user comes with. */
  #authenticate({ user, body }: ClusterRequest, { index }: AuthContext): AuthOutcome {
    if (!this.#isEnabled) return EtcdError.of("authNotEnabled");
    if (user === undefined || this.user(user.name) === undefined) return EtcdError.of("authFailed");
    if (user.authRevision !== this.#revision) return EtcdError.of("authOldRevision");
    const token = `${Buffer.from(body).toString("latin1")}.${index}`;
    this.tokens.assign(token, user.name);
    return { token };
  }

  #enable(table: WriteTable): EtcdErrorName | undefined {
    if (this.#isEnabled) return undefined;
    const root = this.user(ROOT);
    if (root === undefined) return "rootUserNotExist";
    if (!root.roles.includes(ROOT)) return "rootRoleNotExist";
    writeEnabled(table, true);
    this.#isEnabled = true;
    this.#forgetPermissions();
    return undefined;
  }

  #disable(table: WriteTable): undefined {
    if (!this.#isEnabled) return;
    writeEnabled(table, false);
    this.#isEnabled = false;
    this.tokens.clear();
    this.#changed(table);
  }

  #addUser(request: etcdserverpb.AuthUserAddRequest, table: WriteTable): EtcdErrorName | undefined {
    const { name, hashedPassword, options } = request;
    if (name === "") return "userEmpty";
    if (!isNameFit(name)) return "requestTooLarge";
    if (this.user(name) !== undefined) return "userAlreadyExist";
    const noPassword = options?.noPassword ?? false;
    const password = noPassword ? new Uint8Array(0) : utf8(hashedPassword);
    return this.#putUser(table, { name: utf8(name), password, roles: [], options: { noPassword } });
  }

  #deleteUser({ name }: etcdserverpb.AuthUserDeleteRequest, table: WriteTable): EtcdErrorName | undefined {
    if (this.#isEnabled && name === ROOT) return "invalidAuthMgmt";
    if (this.user(name) === undefined) return "userNotFound";
    deleteUser(table, name);
    this.tokens.takeFrom(name);
    return this.#changed(table);
  }

  #changePassword(
    { name, hashedPassword }: etcdserverpb.AuthUserChangePasswordRequest,
    table: WriteTable,
  ): EtcdErrorName | undefined {
    const user = this.user(name);
    if (user === undefined) return "userNotFound";
    this.tokens.takeFrom(name);
    const password = user.options?.noPassword === true ? user.password : utf8(hashedPassword);
    return this.#putUser(table, { ...user, password });
  }

  #grantRole(
    { user: name, role }: etcdserverpb.AuthUserGrantRoleRequest,
    table: WriteTable,
  ): EtcdErrorName | undefined {
    const user = this.user(name);
    if (user === undefined) return "userNotFound";
    if (role !== ROOT && this.role(role) === undefined) return "roleNotFound";
    if (user.roles.includes(role)) return undefined;
    const roles = [...user.roles, role].toSorted((a, b) => compareBytes(utf8(a), utf8(b)));
    return this.#putUser(table, { ...user, roles });
  }

  #revokeRole(
    { name, role }: etcdserverpb.AuthUserRevokeRoleRequest,
    table: WriteTable,
  ): EtcdErrorName | undefined {
    if (this.#isEnabled && name === ROOT && role === ROOT) return "invalidAuthMgmt";
    const user = this.user(name);
    if (user === undefined) return "userNotFound";
    if (!user.roles.includes(role)) return "roleNotGranted";
    return this.#putUser(table, { ...user, roles: user.roles.filter((granted) => granted !== role) });
  }

  #addRole({ name }: etcdserverpb.AuthRoleAddRequest, table: WriteTable): EtcdErrorName | undefined {
    if (name === "") return "roleEmpty";
    if (!isNameFit(name)) return "requestTooLarge";
    if (this.role(name) !== undefined) return "roleAlreadyExist";
    return this.#putRole(table, { name: utf8(name), keyPermission: [] });
  }

  /** Whoever had it has it no more. */
  #deleteRole({ role }: etcdserverpb.AuthRoleDeleteRequest, table: WriteTable): EtcdErrorName | undefined {
    if (this.#isEnabled && role === ROOT) return "invalidAuthMgmt";
    if (this.role(role) === undefined) return "roleNotFound";
    deleteRole(table, role);
    for (const name of this.userNames()) {
      const user = this.user(name)!;
      if (!user.roles.includes(role)) continue;
      const roles = user.roles.filter((granted) => granted !== role);
      writeUser(table, name, authpb.User.toBinary({ ...user, roles }));
    }
    return this.#changed(table);
  }

  #grantPermission(
    { name, perm }: etcdserverpb.AuthRoleGrantPermissionRequest,
    table: WriteTable,
  ): EtcdErrorName | undefined {
    if (perm === undefined) return "permissionNotGiven";
    const role = this.role(name);
    if (role === undefined) return "roleNotFound";
    const keyPermission = [...role.keyPermission];
    const at = keyPermission.findIndex((granted) => isOfSameRange(granted, perm));
    keyPermission.splice(at === -1 ? keyPermission.length : at, 1, perm);
    keyPermission.sort((a, b) => compareBytes(a.key, b.key));
    return this.#putRole(table, { ...role, keyPermission });
  }

  #revokePermission(
    { role: name, key, rangeEnd }: etcdserverpb.AuthRoleRevokePermissionRequest,
    table: WriteTable,
  ): EtcdErrorName | undefined {
    const role = this.role(name);
    if (role === undefined) return "roleNotFound";
    const keyPermission = role.keyPermission.filter((granted) => !isOfSameRange(granted, { key, rangeEnd }));
    if (keyPermission.length === role.keyPermission.length) return "permissionNotGranted";
    return this.#putRole(table, { ...role, keyPermission });
  }

  #putUser(table: WriteTable, user: authpb.User): EtcdErrorName | undefined {
    const row = authpb.User.toBinary(user);
    if (row.length > ROW_BYTES_MAX) return "requestTooLarge";
    writeUser(table, Buffer.from(user.name).toString("utf8"), row);
    return this.#changed(table);
  }

  #putRole(table: WriteTable, role: authpb.Role): EtcdErrorName | undefined {
    const row = authpb.Role.toBinary(role);
    if (row.length > ROW_BYTES_MAX) return "requestTooLarge";
    writeRole(table, Buffer.from(role.name).toString("utf8"), row);
    return this.#changed(table);
  }

  #changed(table: WriteTable): undefined {
    this.#revision += 1;
    writeRevision(table, this.#revision);
    this.#forgetPermissions();
  }

  #forgetPermissions(): void {
    this.#version += 1;
    this.#permissions.clear();
  }

  #collectPermissions({ roles }: authpb.User): UserPermissions {
    return {
      isRoot: roles.includes(ROOT),
      keys: new Permissions(roles.flatMap((role) => this.role(role)?.keyPermission ?? [])),
    };
  }

  readonly #table = (name: string) => this.#storage.table(name);
}

export interface UserPermissions {
  /** Has the role root, to which everything is permitted. */
  readonly isRoot: boolean;
  readonly keys: Permissions;
}

function isNameFit(name: string): boolean {
  return Buffer.byteLength(name) <= NAME_BYTES_MAX;
}

type Ranged = Pick<authpb.Permission, "key" | "rangeEnd">;

function isOfSameRange(a: Ranged, b: Ranged): boolean {
  return equalBytes(a.key, b.key) && equalBytes(a.rangeEnd, b.rangeEnd);
}
