/** etcd's Election service: whoever has the oldest claim below the name leads, and the claim's value is what it proclaims. */
import { mvccpb, v3electionpb, type etcdserverpb } from "@lattice/etcd-proto";
import { GrpcError, type Method, type StreamCall } from "@lattice/grpc-front";
import { equalBytes } from "@lattice/model";
import { decodeMessage } from "../services/unary-method.ts";
import {
  awaitGrant,
  changeValue,
  grantedClaim,
  makeClaim,
  queueRange,
  takeBack,
  type Claim,
} from "./claim.ts";
import { LocalClient, type LocalMethods } from "./local-client.ts";
import { innerError, localMethod, plainError } from "./local-method.ts";

const pb = v3electionpb;

type Header = etcdserverpb.ResponseHeader;

/** `local` are this member's services of keys, leases and watches, which it calls as the caller. */
export function* electionService(local: LocalMethods): Iterable<[path: string, method: Method]> {
  const as =
    <Q, R>(handle: (client: LocalClient, request: Q) => Promise<R>) =>
    (request: Q, call: ConstructorParameters<typeof LocalClient>[1]) =>
      handle(new LocalClient(local, call), request);
  yield method("Campaign", {
    request: pb.CampaignRequest,
    response: pb.CampaignResponse,
    handle: as(campaign),
  });
  yield method("Proclaim", {
    request: pb.ProclaimRequest,
    response: pb.ProclaimResponse,
    handle: as(proclaim),
  });
  yield method("Leader", { request: pb.LeaderRequest, response: pb.LeaderResponse, handle: as(leader) });
  yield method("Resign", { request: pb.ResignRequest, response: pb.ResignResponse, handle: as(resign) });
  yield ["/v3electionpb.Election/Observe", { kind: "stream", handle: (call) => observe(local, call) }];
}

const method = <Q extends object, R extends object>(
  name: string,
  options: Parameters<typeof localMethod<Q, R>>[0],
): [path: string, method: Method] => [`/v3electionpb.Election/${name}`, localMethod(options)];

async function campaign(
  client: LocalClient,
  { name, lease, value }: v3electionpb.CampaignRequest,
): Promise<v3electionpb.CampaignResponse> {
  const claimed = await makeClaim(client, { name, lease, value });
  const { claim, header, isGranted } = claimed;
  if (!equalBytes(claimed.value, value)) await proclaimAs(client, claim, value);
  const granted = isGranted ? header : await awaitGrant(client, name, claim);
  // etcd would say that it leads, though its lease is gone.
  if (granted === undefined) throw plainError("election: not leader");
  return { header, leader: { name, key: claim.key, rev: claim.revision, lease: claim.lease } };
}

async function proclaim(
  client: LocalClient,
  { leader: leaderKey, value }: v3electionpb.ProclaimRequest,
): Promise<v3electionpb.ProclaimResponse> {
  return { header: await proclaimAs(client, claimOf(leaderKey), value) };
}

async function proclaimAs(client: LocalClient, claim: Claim, value: Uint8Array): Promise<Header> {
  const header = await changeValue(client, claim, value);
  if (header === undefined) throw plainError("election: not leader");
  return header;
}

async function leader(
  client: LocalClient,
  { name }: v3electionpb.LeaderRequest,
): Promise<v3electionpb.LeaderResponse> {
  const { header, kv } = await grantedClaim(client, name);
  if (kv === undefined) throw plainError("election: no leader");
  return { header, kv };
}

async function resign(
  client: LocalClient,
  { leader: leaderKey }: v3electionpb.ResignRequest,
): Promise<v3electionpb.ResignResponse> {
  return { header: await takeBack(client, claimOf(leaderKey)) };
}

function claimOf(leaderKey: v3electionpb.LeaderKey | undefined): Claim {
  if (leaderKey === undefined) throw plainError('"leader" field must be provided');
  const { key, rev, lease } = leaderKey;
  return { key, revision: rev, lease };
}

async function observe(local: LocalMethods, call: StreamCall): Promise<void> {
  try {
    const { value: bytes } = await call.requests[Symbol.asyncIterator]().next();
    const { name } = decodeMessage(pb.LeaderRequest, bytes ?? new Uint8Array(0));
    for await (const response of leaders(new LocalClient(local, call), name)) {
      if (!call.send(pb.LeaderResponse.toBinary(response))) await call.drained();
    }
  } catch (error) {
    throw error instanceof GrpcError ? innerError(error) : error;
  }
}

/** Whoever leads, and what it proclaims, for ever. Who leads only between two looks may be missed, as with etcd. */
async function* leaders(
  client: LocalClient,
  name: Uint8Array,
): AsyncGenerator<v3electionpb.LeaderResponse, void, void> {
  let seen = -1n;
  for (;;) {
    const { header, kv } = await grantedClaim(client, name);
    if (kv === undefined) {
      await awaitClaim(client, name, header.revision);
      continue;
    }
    // Where the server had ended the watch, it is the one that was told already.
    if (kv.modRevision !== seen) yield { header, kv };
    seen = kv.modRevision;
    for await (const response of proclamations(client, kv.key, header.revision)) {
      yield response;
      seen = response.kv.modRevision;
    }
  }
}

/** Until the claim is gone, or the server ends the watch. */
async function* proclamations(client: LocalClient, key: Uint8Array, revision: bigint) {
  for await (const { header, events } of client.watch({ key, startRevision: revision + 1n })) {
    for (const { type, kv } of events) {
      if (type === mvccpb.Event_EventType.DELETE) return;
      yield { header, kv: kv! };
    }
  }
}

async function awaitClaim(client: LocalClient, name: Uint8Array, revision: bigint): Promise<void> {
  const request = { ...queueRange(name), startRevision: revision + 1n };
  for await (const { events } of client.watch(request)) {
    if (events.some(({ type }) => type === mvccpb.Event_EventType.PUT)) return;
  }
}
