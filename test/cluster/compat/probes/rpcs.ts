/** Calls that only probes make, beside those of the testkit. */
import {
  calls,
  etcdserverpb as pb,
  v3electionpb,
  v3lockpb,
  type IMessageType,
  type Rpc,
} from "../../../../packages/testkit/src/clusters/index.ts";

function rpc<Request extends object, Response extends object>(
  path: string,
  request: IMessageType<Request>,
  response: IMessageType<Response>,
): Rpc<Request, Response> {
  return { path, request, response };
}

export const rpcs = {
  ...calls,
  hash: rpc("/etcdserverpb.Maintenance/Hash", pb.HashRequest, pb.HashResponse),
  authEnable: rpc("/etcdserverpb.Auth/AuthEnable", pb.AuthEnableRequest, pb.AuthEnableResponse),
  authDisable: rpc("/etcdserverpb.Auth/AuthDisable", pb.AuthDisableRequest, pb.AuthDisableResponse),
  authenticate: rpc("/etcdserverpb.Auth/Authenticate", pb.AuthenticateRequest, pb.AuthenticateResponse),
  userAdd: rpc("/etcdserverpb.Auth/UserAdd", pb.AuthUserAddRequest, pb.AuthUserAddResponse),
  userGet: rpc("/etcdserverpb.Auth/UserGet", pb.AuthUserGetRequest, pb.AuthUserGetResponse),
  userList: rpc("/etcdserverpb.Auth/UserList", pb.AuthUserListRequest, pb.AuthUserListResponse),
  userDelete: rpc("/etcdserverpb.Auth/UserDelete", pb.AuthUserDeleteRequest, pb.AuthUserDeleteResponse),
  userChangePassword: rpc(
    "/etcdserverpb.Auth/UserChangePassword",
    pb.AuthUserChangePasswordRequest,
    pb.AuthUserChangePasswordResponse,
  ),
  userGrantRole: rpc(
    "/etcdserverpb.Auth/UserGrantRole",
    pb.AuthUserGrantRoleRequest,
    pb.AuthUserGrantRoleResponse,
  ),
  userRevokeRole: rpc(
    "/etcdserverpb.Auth/UserRevokeRole",
    pb.AuthUserRevokeRoleRequest,
    pb.AuthUserRevokeRoleResponse,
  ),
  roleAdd: rpc("/etcdserverpb.Auth/RoleAdd", pb.AuthRoleAddRequest, pb.AuthRoleAddResponse),
  roleGet: rpc("/etcdserverpb.Auth/RoleGet", pb.AuthRoleGetRequest, pb.AuthRoleGetResponse),
  roleList: rpc("/etcdserverpb.Auth/RoleList", pb.AuthRoleListRequest, pb.AuthRoleListResponse),
  roleDelete: rpc("/etcdserverpb.Auth/RoleDelete", pb.AuthRoleDeleteRequest, pb.AuthRoleDeleteResponse),
  roleGrant: rpc(
    "/etcdserverpb.Auth/RoleGrantPermission",
    pb.AuthRoleGrantPermissionRequest,
    pb.AuthRoleGrantPermissionResponse,
  ),
  roleRevoke: rpc(
    "/etcdserverpb.Auth/RoleRevokePermission",
    pb.AuthRoleRevokePermissionRequest,
    pb.AuthRoleRevokePermissionResponse,
  ),
  lock: rpc("/v3lockpb.Lock/Lock", v3lockpb.LockRequest, v3lockpb.LockResponse),
  unlock: rpc("/v3lockpb.Lock/Unlock", v3lockpb.UnlockRequest, v3lockpb.UnlockResponse),
  campaign: rpc(
    "/v3electionpb.Election/Campaign",
    v3electionpb.CampaignRequest,
    v3electionpb.CampaignResponse,
  ),
  proclaim: rpc(
    "/v3electionpb.Election/Proclaim",
    v3electionpb.ProclaimRequest,
    v3electionpb.ProclaimResponse,
  ),
  leader: rpc("/v3electionpb.Election/Leader", v3electionpb.LeaderRequest, v3electionpb.LeaderResponse),
  resign: rpc("/v3electionpb.Election/Resign", v3electionpb.ResignRequest, v3electionpb.ResignResponse),
} as const;
