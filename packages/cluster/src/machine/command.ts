/** A request of the log with its message decoded. */
import { etcdserverpb } from "@lattice/etcd-proto";
import { decodeStoreRequest, type StoreRequest } from "../store/store-request.ts";
import { decodePut } from "../wire/decode-request.ts";
import {
  decodeLeaseCheckpoints,
  decodeLeaseExpiry,
  type LeaseCheckpoints,
  type LeaseExpiry,
} from "./lease-decision.ts";
import { decodeMember, type MemberRow } from "./member-rows.ts";
import { RequestKind, type ClusterRequest } from "./request.ts";

export type Command =
  | { readonly kind: typeof RequestKind.PUT; readonly message: etcdserverpb.PutRequest }
  | { readonly kind: typeof RequestKind.DELETE_RANGE; readonly message: etcdserverpb.DeleteRangeRequest }
  | { readonly kind: typeof RequestKind.TXN; readonly message: etcdserverpb.TxnRequest }
  | { readonly kind: typeof RequestKind.COMPACT; readonly message: etcdserverpb.CompactionRequest }
  | { readonly kind: typeof RequestKind.LEASE_GRANT; readonly message: etcdserverpb.LeaseGrantRequest }
  | { readonly kind: typeof RequestKind.LEASE_REVOKE; readonly message: etcdserverpb.LeaseRevokeRequest }
  | { readonly kind: typeof RequestKind.LEASE_EXPIRE; readonly message: LeaseExpiry }
  | { readonly kind: typeof RequestKind.LEASE_CHECKPOINT; readonly message: LeaseCheckpoints }
  | { readonly kind: typeof RequestKind.ALARM; readonly message: etcdserverpb.AlarmRequest }
  | { readonly kind: typeof RequestKind.MEMBER; readonly message: MemberRow }
  | { readonly kind: typeof RequestKind.SWEEP; readonly message: undefined }
  | { readonly kind: typeof RequestKind.STORE; readonly message: StoreRequest }
  /** About users and roles; decoded where they are applied. */
  | { readonly kind: "auth"; readonly message: undefined };

const PUT = { fromBinary: decodePut };

/** Undefined where it is none that this version knows, or cannot be read. */
export function commandOf({ kind, body }: ClusterRequest): Command | undefined {
  switch (kind) {
    case RequestKind.PUT:
      return decoded(kind, PUT, body);
    case RequestKind.DELETE_RANGE:
      return decoded(kind, etcdserverpb.DeleteRangeRequest, body);
    case RequestKind.TXN:
      return decoded(kind, etcdserverpb.TxnRequest, body);
    case RequestKind.COMPACT:
      return decoded(kind, etcdserverpb.CompactionRequest, body);
    case RequestKind.LEASE_GRANT:
      return decoded(kind, etcdserverpb.LeaseGrantRequest, body);
    case RequestKind.LEASE_REVOKE:
      return decoded(kind, etcdserverpb.LeaseRevokeRequest, body);
    case RequestKind.LEASE_EXPIRE:
      return readable(() => ({ kind, message: decodeLeaseExpiry(body) }));
    case RequestKind.LEASE_CHECKPOINT:
      return readable(() => ({ kind, message: decodeLeaseCheckpoints(body) }));
    case RequestKind.ALARM:
      return decoded(kind, etcdserverpb.AlarmRequest, body);
    case RequestKind.MEMBER:
      return readable(() => ({ kind, message: decodeMember(body) }));
    case RequestKind.SWEEP:
      return { kind, message: undefined };
    case RequestKind.STORE:
      return readable(() => ({ kind, message: decodeStoreRequest(body) }));
    default:
      return isAboutUsers(kind) ? { kind: "auth", message: undefined } : undefined;
  }
}

function isAboutUsers(kind: RequestKind): boolean {
  return kind >= RequestKind.AUTH_ENABLE && kind <= RequestKind.ROLE_REVOKE_PERMISSION;
}

function decoded<K, T extends object>(
  kind: K,
  type: { fromBinary(bytes: Uint8Array): T },
  body: Uint8Array,
): { readonly kind: K; readonly message: T } | undefined {
  try {
    return { kind, message: type.fromBinary(body) };
  } catch {
    return undefined;
  }
}

function readable<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
