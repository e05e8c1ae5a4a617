/** Members of a cluster in this process, over real sockets and files. */
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { etcdserverpb } from "@lattice/etcd-proto";
import { startClusterMember, type ClusterMember, type ClusterMemberOptions } from "../../src/index.ts";
import { GrpcClient } from "../etcd/grpc-client.ts";

export interface Overrides extends Partial<ClusterMemberOptions> {
  /** Members speak TLS to each other. */
  readonly peerTls?: ClusterMemberOptions["peer"]["tls"];
}

export interface RunningSeat {
  readonly name: string;
  readonly member: ClusterMember;
  readonly client: GrpcClient;
}

const PACE = { electionTimeoutMs: 300, heartbeatMs: 30 };

export class Members implements AsyncDisposable {
  readonly directory = mkdtempSync(join(tmpdir(), "lattice-cluster-"));
  readonly #addresses = new Map<string, string>();
  readonly #running = new Map<string, RunningSeat>();
  readonly #overrides: Overrides;
  readonly log: string[] = [];

  /** All of them at once. */
  static async start(count: number, overrides: Overrides = {}): Promise<Members> {
    const members = new Members(overrides);
    const names = Array.from({ length: count }, (_, at) => `m${at + 1}`);
    for (const name of names) await members.addressOf(name);
    await Promise.all(names.map((name) => members.start(name)));
    await members.leader();
    return members;
  }

  constructor(overrides: Overrides = {}) {
    this.#overrides = overrides;
  }

  directoryOf(name: string): string {
    return join(this.directory, name);
  }

  /** Where it listens for the others; the same for ever. */
  async addressOf(name: string): Promise<string> {
    let address = this.#addresses.get(name);
    if (address === undefined) {
      address = `127.0.0.1:${await freePort()}`;
      this.#addresses.set(name, address);
    }
    return address;
  }

  options(name: string, own: Overrides = {}): ClusterMemberOptions {
    const { peerTls, ...overrides } = { ...this.#overrides, ...own };
    const [host, port] = this.#addresses.get(name)!.split(":") as [string, string];
    const isJoining = overrides.join !== undefined;
    return {
      name,
      dataDirectory: this.directoryOf(name),
      client: { host: "127.0.0.1", port: 0 },
      peer: { host, port: Number(port), tls: peerTls },
      ...(isJoining ? {} : { initial: { members: Object.fromEntries(this.#addresses) } }),
      ...PACE,
      log: (level, text) => this.log.push(`${name} ${level} ${text}`),
      ...overrides,
    };
  }

  async start(name: string, overrides: Overrides = {}): Promise<RunningSeat> {
    await this.addressOf(name);
    const member = await startClusterMember(this.options(name, overrides));
    const client = new GrpcClient(`127.0.0.1:${member.ports.client}`);
    const seat = { name, member, client };
    this.#running.set(name, seat);
    return seat;
  }

  async stop(name: string): Promise<void> {
    const seat = this.#running.get(name)!;
    this.#running.delete(name);
    seat.client.close();
    await seat.member.stop();
  }

  get(name: string): RunningSeat {
    return this.#running.get(name)!;
  }

  get all(): RunningSeat[] {
    return [...this.#running.values()];
  }

  /** Once all that run agree on one of them. */
  async leader(): Promise<RunningSeat> {
    return until(() => {
      const leaders = new Set(this.all.map(({ member }) => member.status().leader));
      const [id] = leaders;
      return leaders.size === 1 ? this.all.find(({ member }) => member.id === id) : undefined;
    });
  }

  async follower(): Promise<RunningSeat> {
    const leader = await this.leader();
    return this.all.find((each) => each !== leader)!;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#running.keys()].map((name) => this.stop(name)));
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** Looks again and again until there is something. */
export async function until<T>(look: () => T | undefined | Promise<T | undefined>): Promise<T> {
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const { KV, Lease, Cluster, Maintenance } = etcdserverpb;

export function put(
  { client }: RunningSeat,
  key: string,
  value: string,
  more: object = {},
): Promise<etcdserverpb.PutResponse> {
  return client.ask(KV, "Put", { key: Buffer.from(key), value: Buffer.from(value), ...more });
}

export function range(
  { client }: RunningSeat,
  key: string,
  more: object = {},
): Promise<etcdserverpb.RangeResponse> {
  return client.ask(KV, "Range", { key: Buffer.from(key), ...more });
}

export async function valueOf(
  seat: RunningSeat,
  key: string,
  more: object = {},
): Promise<string | undefined> {
  const { kvs } = await range(seat, key, more);
  return kvs[0] && Buffer.from(kvs[0].value).toString();
}

export function askLease<R extends object>(
  { client }: RunningSeat,
  name: string,
  request: object,
): Promise<R> {
  return client.ask(Lease, name, request);
}

export function askCluster<R extends object>(
  { client }: RunningSeat,
  name: string,
  request: object = {},
): Promise<R> {
  return client.ask(Cluster, name, request);
}

export function askMaintenance<R extends object>(
  { client }: RunningSeat,
  name: string,
  request: object = {},
): Promise<R> {
  return client.ask(Maintenance, name, request);
}

/** Code and text of the error that it rejects with. */
export async function refusal(answer: Promise<unknown>): Promise<string> {
  try {
    await answer;
  } catch (error) {
    const { code, details } = error as { code: number; details: string };
    return `${code} ${details}`;
  }
  throw new Error("it was not refused");
}

/** The same put, until it is acknowledged: the members may be about to agree on a leader. */
export async function putAtLast(seat: RunningSeat, key: string, value: string): Promise<void> {
  await until(() => put(seat, key, value).catch(() => undefined));
}
