/**
 * What a request of the key space needs permission for. Asked at the service, before it is proposed or answered, and again
 * when it is applied. Answers why not, or undefined.
 *
 * Stricter than etcd 3.4.23, and as strict as what has closed these ways around permissions since: transactions within
 * transactions are looked into, and within a transaction a put's lease and its wish for the previous value count as outside of one;
 * the keys of a lease are shown to those who may read them.
 */
import { EtcdError, type etcdserverpb } from "@lattice/etcd-proto";
import type { RequestUser } from "../machine/request.ts";
import type { AuthState, UserPermissions } from "./auth-state.ts";
import type { KeyRange } from "./permissions.ts";

export interface KeyChecker {
  readonly auth: AuthState;
  /** The keys that are bound to a lease; none where there is no such lease. */
  readonly leaseKeys: (lease: bigint) => Iterable<Uint8Array>;
}

type Asker = RequestUser | undefined;
type Refusal = EtcdError | undefined;

const SINGLE = new Uint8Array(0);

export function refuseRead({ auth }: KeyChecker, user: Asker, range: KeyRange): Refusal {
  return refuse(auth, user, ({ keys }) => keys.mayRead(range));
}

function refuseWrite({ auth }: KeyChecker, user: Asker, range: KeyRange): Refusal {
  return refuse(auth, user, ({ keys }) => keys.mayWrite(range));
}

/** Of a put that binds its key to a lease, all keys of the lease: with them, this one would be deleted by others. */
export function refusePut(
  checker: KeyChecker,
  user: Asker,
  { key, lease, prevKv }: Pick<etcdserverpb.PutRequest, "key" | "lease" | "prevKv">,
): Refusal {
  if (!checker.auth.isEnabled) return undefined;
  const single = { key, rangeEnd: SINGLE };
  return (
    refuseWrite(checker, user, single) ??
    (lease === 0n ? undefined : refuseLeaseRevoke(checker, user, lease)) ??
    (prevKv ? refuseRead(checker, user, single) : undefined)
  );
}

export function refuseDeleteRange(
  checker: KeyChecker,
  user: Asker,
  range: Pick<etcdserverpb.DeleteRangeRequest, "key" | "rangeEnd" | "prevKv">,
): Refusal {
  return refuseWrite(checker, user, range) ?? (range.prevKv ? refuseRead(checker, user, range) : undefined);
}

/** Both branches, whichever will be taken. */
export function refuseTxn(
  checker: KeyChecker,
  user: Asker,
  { compare, success, failure }: etcdserverpb.TxnRequest,
): Refusal {
  if (!checker.auth.isEnabled) return undefined;
  return (
    firstRefusal(compare, (comparison) => refuseRead(checker, user, comparison)) ??
    firstRefusal(success, (operation) => refuseOperation(checker, user, operation)) ??
    firstRefusal(failure, (operation) => refuseOperation(checker, user, operation))
  );
}

function refuseOperation(checker: KeyChecker, user: Asker, { request }: etcdserverpb.RequestOp): Refusal {
  switch (request.oneofKind) {
    case "requestRange":
      return refuseRead(checker, user, request.requestRange);
    case "requestPut":
      return refusePut(checker, user, request.requestPut);
    case "requestDeleteRange":
      return refuseDeleteRange(checker, user, request.requestDeleteRange);
    case "requestTxn":
      return refuseTxn(checker, user, request.requestTxn);
    case undefined:
      return undefined;
  }
}

/** Its keys are deleted with it. */
export function refuseLeaseRevoke(checker: KeyChecker, user: Asker, lease: bigint): Refusal {
  return (
    refuseKnown(checker.auth, user) ??
    refuseLeaseKeys(checker, lease, (key) => refuseWrite(checker, user, key))
  );
}

export function refuseLeaseKeysShown(checker: KeyChecker, user: Asker, lease: bigint): Refusal {
  return (
    refuseKnown(checker.auth, user) ??
    refuseLeaseKeys(checker, lease, (key) => refuseRead(checker, user, key))
  );
}

function refuseLeaseKeys(
  { auth, leaseKeys }: KeyChecker,
  lease: bigint,
  refuseKey: (key: KeyRange) => Refusal,
): Refusal {
  if (!auth.isEnabled) return undefined;
  return firstRefusal(leaseKeys(lease), (key) => refuseKey({ key, rangeEnd: SINGLE }));
}

/** What anybody may do whom this cluster knows; where it tells nobody apart, everybody may. */
export function refuseKnown(auth: AuthState, user: Asker): Refusal {
  return refuse(auth, user, () => true);
}

function refuse(
  auth: AuthState,
  user: Asker,
  isPermitted: (permissions: UserPermissions) => boolean,
): Refusal {
  if (!auth.isEnabled) return undefined;
  if (user === undefined) return EtcdError.of("userEmpty");
  if (user.authRevision < auth.revision) return EtcdError.of("authOldRevision");
  const permissions = auth.permissionsOf(user.name);
  const may = permissions !== undefined && (permissions.isRoot || isPermitted(permissions));
  return may ? undefined : EtcdError.of("permissionDenied");
}

function firstRefusal<T>(values: Iterable<T>, refuseOne: (value: T) => Refusal): Refusal {
  for (const value of values) {
    const refusal = refuseOne(value);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}
