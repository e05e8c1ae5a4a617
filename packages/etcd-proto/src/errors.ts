/**
 * What etcd refuses requests with. Its clients find out what happened by the text, so every one is etcd's to the letter,
 * and so is the gRPC code that goes with it.
 */

import { GrpcCode } from "@lattice/model/grpc-code";

const { CANCELLED, UNKNOWN, INVALID_ARGUMENT, NOT_FOUND, PERMISSION_DENIED } = GrpcCode;
const { RESOURCE_EXHAUSTED, FAILED_PRECONDITION, OUT_OF_RANGE, UNAVAILABLE, DATA_LOSS, UNAUTHENTICATED } =
  GrpcCode;

/** Code and text of each, under the name that etcd gives it. */
export const EtcdErrors = {
  // Keys and transactions.
  emptyKey: [INVALID_ARGUMENT, "etcdserver: key is not provided"],
  keyNotFound: [INVALID_ARGUMENT, "etcdserver: key not found"],
  valueProvided: [INVALID_ARGUMENT, "etcdserver: value is provided"],
  leaseProvided: [INVALID_ARGUMENT, "etcdserver: lease is provided"],
  tooManyOps: [INVALID_ARGUMENT, "etcdserver: too many operations in txn request"],
  duplicateKey: [INVALID_ARGUMENT, "etcdserver: duplicate key given in txn request"],
  invalidClientApiVersion: [INVALID_ARGUMENT, "etcdserver: invalid client api version"],
  invalidSortOption: [INVALID_ARGUMENT, "etcdserver: invalid sort option"],
  compacted: [OUT_OF_RANGE, "etcdserver: mvcc: required revision has been compacted"],
  futureRev: [OUT_OF_RANGE, "etcdserver: mvcc: required revision is a future revision"],
  noSpace: [RESOURCE_EXHAUSTED, "etcdserver: mvcc: database space exceeded"],

  // Leases and watches.
  leaseNotFound: [NOT_FOUND, "etcdserver: requested lease not found"],
  leaseExist: [FAILED_PRECONDITION, "etcdserver: lease already exists"],
  leaseTtlTooLarge: [OUT_OF_RANGE, "etcdserver: too large lease TTL"],
  watchCanceled: [CANCELLED, "etcdserver: watch canceled"],

  // Members.
  memberExist: [FAILED_PRECONDITION, "etcdserver: member ID already exist"],
  peerUrlExist: [FAILED_PRECONDITION, "etcdserver: Peer URLs already exists"],
  memberNotEnoughStarted: [
    FAILED_PRECONDITION,
    "etcdserver: re-configuration failed due to not enough started members",
  ],
  memberBadUrls: [INVALID_ARGUMENT, "etcdserver: given member URLs are invalid"],
  memberNotFound: [NOT_FOUND, "etcdserver: member not found"],
  memberNotLearner: [FAILED_PRECONDITION, "etcdserver: can only promote a learner member"],
  learnerNotReady: [
    FAILED_PRECONDITION,
    "etcdserver: can only promote a learner member which is in sync with leader",
  ],
  tooManyLearners: [FAILED_PRECONDITION, "etcdserver: too many learner members in cluster"],
  notSupportedForLearner: [UNAVAILABLE, "etcdserver: rpc not supported for learner"],
  badLeaderTransferee: [FAILED_PRECONDITION, "etcdserver: bad leader transferee"],

  // Requests.
  requestTooLarge: [INVALID_ARGUMENT, "etcdserver: request is too large"],
  tooManyRequests: [RESOURCE_EXHAUSTED, "etcdserver: too many requests"],
  requestCancelled: [UNKNOWN, "etcdserver: request cancelled"],

  // Users and roles.
  rootUserNotExist: [FAILED_PRECONDITION, "etcdserver: root user does not exist"],
  rootRoleNotExist: [FAILED_PRECONDITION, "etcdserver: root user does not have root role"],
  userAlreadyExist: [FAILED_PRECONDITION, "etcdserver: user name already exists"],
  userEmpty: [INVALID_ARGUMENT, "etcdserver: user name is empty"],
  userNotFound: [FAILED_PRECONDITION, "etcdserver: user name not found"],
  roleAlreadyExist: [FAILED_PRECONDITION, "etcdserver: role name already exists"],
  roleNotFound: [FAILED_PRECONDITION, "etcdserver: role name not found"],
  roleEmpty: [INVALID_ARGUMENT, "etcdserver: role name is empty"],
  authFailed: [INVALID_ARGUMENT, "etcdserver: authentication failed, invalid user ID or password"],
  permissionNotGiven: [INVALID_ARGUMENT, "etcdserver: permission not given"],
  permissionDenied: [PERMISSION_DENIED, "etcdserver: permission denied"],
  roleNotGranted: [FAILED_PRECONDITION, "etcdserver: role is not granted to the user"],
  permissionNotGranted: [FAILED_PRECONDITION, "etcdserver: permission is not granted to the role"],
  authNotEnabled: [FAILED_PRECONDITION, "etcdserver: authentication is not enabled"],
  invalidAuthToken: [UNAUTHENTICATED, "etcdserver: invalid auth token"],
  invalidAuthMgmt: [INVALID_ARGUMENT, "etcdserver: invalid auth management"],
  authOldRevision: [INVALID_ARGUMENT, "etcdserver: revision of auth store is old"],

  // The cluster as a whole.
  noLeader: [UNAVAILABLE, "etcdserver: no leader"],
  notLeader: [FAILED_PRECONDITION, "etcdserver: not leader"],
  leaderChanged: [UNAVAILABLE, "etcdserver: leader changed"],
  notCapable: [UNAVAILABLE, "etcdserver: not capable"],
  stopped: [UNAVAILABLE, "etcdserver: server stopped"],
  timeout: [UNAVAILABLE, "etcdserver: request timed out"],
  timeoutDueToLeaderFail: [
    UNAVAILABLE,
    "etcdserver: request timed out, possibly due to previous leader failure",
  ],
  timeoutDueToConnectionLost: [UNAVAILABLE, "etcdserver: request timed out, possibly due to connection lost"],
  timeoutWaitAppliedIndex: [
    UNAVAILABLE,
    "etcdserver: request timed out, waiting for the applied index took too long",
  ],
  timeoutLeaderTransfer: [UNKNOWN, "etcdserver: request timed out, leader transfer took too long"],
  unhealthy: [UNAVAILABLE, "etcdserver: unhealthy cluster"],
  corrupt: [DATA_LOSS, "etcdserver: corrupt cluster"],

  // Downgrades.
  clusterVersionUnavailable: [UNAVAILABLE, "etcdserver: cluster version not found during downgrade"],
  wrongDowngradeVersionFormat: [INVALID_ARGUMENT, "etcdserver: wrong downgrade target version format"],
  invalidDowngradeTargetVersion: [INVALID_ARGUMENT, "etcdserver: invalid downgrade target version"],
  downgradeInProcess: [FAILED_PRECONDITION, "etcdserver: cluster has a downgrade job in progress"],
  noInflightDowngrade: [FAILED_PRECONDITION, "etcdserver: no inflight downgrade job"],
} as const satisfies Readonly<Record<string, readonly [code: number, text: string]>>;

export type EtcdErrorName = keyof typeof EtcdErrors;

/** `message` is what the client is told, `code` is gRPC's. */
export class EtcdError extends Error {
  override readonly name = "EtcdError";
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }

  /** One of `EtcdErrors`. */
  static of(name: EtcdErrorName): EtcdError {
    const [code, text] = EtcdErrors[name];
    return new EtcdError(code, text);
  }
}
