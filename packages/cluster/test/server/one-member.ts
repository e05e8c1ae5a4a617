/** A cluster of one member, with a client that speaks raw gRPC to it. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ChannelCredentials } from "@grpc/grpc-js";
import type { TlsOptions } from "@lattice/grpc-front";
import { startClusterMember, type ClusterMember } from "../../src/index.ts";
import { GrpcClient } from "../etcd/grpc-client.ts";

export interface OneMember extends AsyncDisposable {
  readonly member: ClusterMember;
  readonly client: GrpcClient;
}

export interface OneMemberOptions {
  readonly tls?: TlsOptions;
  readonly channel?: ChannelCredentials;
}

export async function startOneMember({ tls, channel }: OneMemberOptions = {}): Promise<OneMember> {
  const directory = mkdtempSync(join(tmpdir(), "lattice-member-"));
  const member = await startClusterMember({
    name: "m",
    dataDirectory: directory,
    client: { host: "127.0.0.1", port: 0, tls },
    // It has nobody to be found by.
    peer: { host: "127.0.0.1", port: 0, advertise: "127.0.0.1:1" },
    initial: { members: { m: "127.0.0.1:1" } },
    passwordCost: 4,
    electionTimeoutMs: 100,
    heartbeatMs: 20,
  });
  const client = new GrpcClient(`127.0.0.1:${member.ports.client}`, channel);
  await client.untilServing();
  return {
    member,
    client,
    [Symbol.asyncDispose]: async () => {
      client.close();
      await member.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
