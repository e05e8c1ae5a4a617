/** etcd's Lock service: a lock is the oldest claim below its name. */
import { v3lockpb } from "@lattice/etcd-proto";
import type { CallContext, Method } from "@lattice/grpc-front";
import { awaitGrant, makeClaim } from "./claim.ts";
import { LocalClient, type LocalMethods } from "./local-client.ts";
import { localMethod, plainError } from "./local-method.ts";

const { LockRequest, LockResponse, UnlockRequest, UnlockResponse } = v3lockpb;

const NO_VALUE = new Uint8Array(0);

/** `local` are this member's services of keys, leases and watches, which it calls as the caller. */
export function* lockService(local: LocalMethods): Iterable<[path: string, method: Method]> {
  const lockMethod = localMethod({
    request: LockRequest,
    response: LockResponse,
    handle: (request, call) => lock(new LocalClient(local, call), request),
  });
  const unlockMethod = localMethod({
    request: UnlockRequest,
    response: UnlockResponse,
    handle: (request, call) => unlock(local, request, call),
  });
  yield ["/v3lockpb.Lock/Lock", lockMethod];
  yield ["/v3lockpb.Lock/Unlock", unlockMethod];
}

async function lock(
  client: LocalClient,
  { name, lease }: v3lockpb.LockRequest,
): Promise<v3lockpb.LockResponse> {
  const { claim, header, isGranted } = await makeClaim(client, { name, lease, value: NO_VALUE });
  if (isGranted) return { header, key: claim.key };
  const granted = await awaitGrant(client, name, claim);
  // etcd 3.4.23 would say that the lock is held; later ones have these words for it.
  if (granted === undefined) throw plainError("mutex: session is expired");
  return { header: granted, key: claim.key };
}

async function unlock(
  local: LocalMethods,
  { key }: v3lockpb.UnlockRequest,
  call: CallContext,
): Promise<v3lockpb.UnlockResponse> {
  const { header } = await new LocalClient(local, call).deleteKey(key);
  return { header };
}
