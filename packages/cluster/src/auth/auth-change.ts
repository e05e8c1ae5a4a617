/** A request of the log that changes users or roles, with its message decoded. */
import { etcdserverpb } from "@lattice/etcd-proto";
import type { IMessageType } from "@protobuf-ts/runtime";
import { RequestKind, type ClusterRequest } from "../machine/request.ts";

const pb = etcdserverpb;

export type AuthChange =
  | Change<typeof RequestKind.AUTH_ENABLE, etcdserverpb.AuthEnableRequest>
  | Change<typeof RequestKind.AUTH_DISABLE, etcdserverpb.AuthDisableRequest>
  | Change<typeof RequestKind.USER_ADD, etcdserverpb.AuthUserAddRequest>
  | Change<typeof RequestKind.USER_DELETE, etcdserverpb.AuthUserDeleteRequest>
  | Change<typeof RequestKind.USER_CHANGE_PASSWORD, etcdserverpb.AuthUserChangePasswordRequest>
  | Change<typeof RequestKind.USER_GRANT_ROLE, etcdserverpb.AuthUserGrantRoleRequest>
  | Change<typeof RequestKind.USER_REVOKE_ROLE, etcdserverpb.AuthUserRevokeRoleRequest>
  | Change<typeof RequestKind.ROLE_ADD, etcdserverpb.AuthRoleAddRequest>
  | Change<typeof RequestKind.ROLE_DELETE, etcdserverpb.AuthRoleDeleteRequest>
  | Change<typeof RequestKind.ROLE_GRANT_PERMISSION, etcdserverpb.AuthRoleGrantPermissionRequest>
  | Change<typeof RequestKind.ROLE_REVOKE_PERMISSION, etcdserverpb.AuthRoleRevokePermissionRequest>;

interface Change<K extends RequestKind, T extends object> {
  readonly kind: K;
  readonly message: T;
}

/** Undefined where it is none, or cannot be read. */
export function changeOf({ kind, body }: ClusterRequest): AuthChange | undefined {
  switch (kind) {
    case RequestKind.AUTH_ENABLE:
      return decoded(kind, pb.AuthEnableRequest, body);
    case RequestKind.AUTH_DISABLE:
      return decoded(kind, pb.AuthDisableRequest, body);
    case RequestKind.USER_ADD:
      return decoded(kind, pb.AuthUserAddRequest, body);
    case RequestKind.USER_DELETE:
      return decoded(kind, pb.AuthUserDeleteRequest, body);
    case RequestKind.USER_CHANGE_PASSWORD:
      return decoded(kind, pb.AuthUserChangePasswordRequest, body);
    case RequestKind.USER_GRANT_ROLE:
      return decoded(kind, pb.AuthUserGrantRoleRequest, body);
    case RequestKind.USER_REVOKE_ROLE:
      return decoded(kind, pb.AuthUserRevokeRoleRequest, body);
    case RequestKind.ROLE_ADD:
      return decoded(kind, pb.AuthRoleAddRequest, body);
    case RequestKind.ROLE_DELETE:
      return decoded(kind, pb.AuthRoleDeleteRequest, body);
    case RequestKind.ROLE_GRANT_PERMISSION:
      return decoded(kind, pb.AuthRoleGrantPermissionRequest, body);
    case RequestKind.ROLE_REVOKE_PERMISSION:
      return decoded(kind, pb.AuthRoleRevokePermissionRequest, body);
    default:
      return undefined;
  }
}

function decoded<K extends RequestKind, T extends object>(
  kind: K,
  type: IMessageType<T>,
  body: Uint8Array,
): Change<K, T> | undefined {
  try {
    return { kind, message: type.fromBinary(body) };
  } catch {
    return undefined;
  }
}
