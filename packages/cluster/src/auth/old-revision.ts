import { EtcdError, EtcdErrors } from "@lattice/etcd-proto";

/** Users or roles have changed since it was found out who asks, so that this is to be found out again. */
export function isOldRevision(error: unknown): boolean {
  return error instanceof EtcdError && error.message === EtcdErrors.authOldRevision[1];
}
