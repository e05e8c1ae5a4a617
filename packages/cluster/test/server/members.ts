/** A cluster in this process, each member with a client that speaks raw gRPC to it. */
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startClusterMember, type ClusterMember } from "../../src/index.ts";
import { GrpcClient } from "../etcd/grpc-client.ts";

export interface StartedMember {
  readonly member: ClusterMember;
  readonly client: GrpcClient;
}

export class Members implements AsyncDisposable {
  readonly #directory = mkdtempSync(join(tmpdir(), "lattice-members-"));
  readonly #peers: Readonly<Record<string, number>>;
  readonly #snapshotCount: number | undefined;
  readonly #started = new Map<string, StartedMember>();

  private constructor(peers: Readonly<Record<string, number>>, snapshotCount: number | undefined) {
    this.#peers = peers;
    this.#snapshotCount = snapshotCount;
  }

  static async start(
    names: readonly string[],
    { snapshotCount }: { readonly snapshotCount?: number } = {},
  ): Promise<Members> {
    const ports = await Promise.all(names.map(freePort));
    const members = new Members(
      Object.fromEntries(names.map((name, at) => [name, ports[at]!])),
      snapshotCount,
    );
    await Promise.all(names.map((name) => members.start(name)));
    await members.of(names[0]!).client.untilServing();
    return members;
  }

  of(name: string): StartedMember {
    const started = this.#started.get(name);
    if (started === undefined) throw new Error(`${name} does not run`);
    return started;
  }

  async start(name: string): Promise<StartedMember> {
    const peers = Object.entries(this.#peers).map(([each, port]) => [each, `127.0.0.1:${port}`] as const);
    const member = await startClusterMember({
      name,
      dataDirectory: join(this.#directory, name),
      client: { host: "127.0.0.1", port: 0 },
      peer: { host: "127.0.0.1", port: this.#peers[name]! },
      initial: { members: Object.fromEntries(peers) },
      snapshotCount: this.#snapshotCount,
      passwordCost: 4,
      electionTimeoutMs: 300,
      heartbeatMs: 50,
    });
    const started = { member, client: new GrpcClient(`127.0.0.1:${member.ports.client}`) };
    this.#started.set(name, started);
    return started;
  }

  async stop(name: string): Promise<void> {
    const { member, client } = this.of(name);
    this.#started.delete(name);
    client.close();
    await member.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#started.keys()].map((name) => this.stop(name)));
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}
