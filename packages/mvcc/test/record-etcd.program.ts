/**
 * Asks a server of etcd the requests of `commands.ts` and writes down what it answers, for `etcd.test.ts`:
 *
 *     pnpm exec tsc -b packages/etcd-proto && node packages/mvcc/test/record-etcd.program.ts SEED > packages/mvcc/test/vectors/etcd-3.4.jsonl
 *
 * Needs `etcd` on the path.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, type ClientHttp2Session } from "node:http2";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { etcdserverpb } from "@lattice/etcd-proto";
import fc from "fast-check";
import { batches, rangeRequest, type Command } from "./commands.ts";

interface Method {
  readonly name: string;
  readonly I: { toBinary(message: object): Uint8Array };
  readonly O: { fromBinary(bytes: Uint8Array): object };
}

const services = [etcdserverpb.KV, etcdserverpb.Lease, etcdserverpb.Maintenance];

function call(
  session: ClientHttp2Session,
  name: string,
  message: object,
): Promise<Uint8Array | [number, string]> {
  const service = services.find(({ methods }) => methods.some((method) => method.name === name))!;
  const { I } = service.methods.find((method) => method.name === name) as Method;
  const body = Buffer.from(I.toBinary(message));
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(body.length, 1);
  const stream = session.request({
    ":method": "POST",
    ":path": `/${service.typeName}/${name}`,
    "content-type": "application/grpc",
    te: "trailers",
  });
  stream.end(Buffer.concat([prefix, body]));
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    let trailers: Record<string, unknown> = {};
    stream.on("response", (headers) => (trailers = { ...headers }));
    stream.on("trailers", (headers) => (trailers = { ...trailers, ...headers }));
    stream.on("data", (part: Buffer) => parts.push(part));
    stream.on("error", reject);
    stream.on("end", () => {
      const status = Number(trailers["grpc-status"]);
      if (status === 0) resolve(Buffer.concat(parts).subarray(5));
      else resolve([status, decodeURIComponent(String(trailers["grpc-message"]))]);
    });
  });
}

function messageOf(command: Command): [name: string, message: object] | undefined {
  switch (command.kind) {
    case "put":
      return ["Put", command.request];
    case "deleteRange":
      return ["DeleteRange", command.request];
    case "txn":
      return ["Txn", command.request];
    case "compact":
      return ["Compact", { revision: command.revision, physical: true }];
    case "sweep":
      return undefined;
    case "grant":
      // So long that none runs out meanwhile.
      return command.id === 0n ? undefined : ["LeaseGrant", { id: command.id, ttl: command.ttl * 1_000n }];
    case "revoke":
      return ["LeaseRevoke", { id: command.id }];
  }
}

async function record(session: ClientHttp2Session, seed: number): Promise<void> {
  const ask = async (name: string, message: object): Promise<void> => {
    const service = services.find(({ methods }) => methods.some((method) => method.name === name))!;
    const { I, O } = service.methods.find((method) => method.name === name) as Method;
    const answer = await call(session, name, message);
    const request = Buffer.from(I.toBinary(message)).toString("base64");
    if (Array.isArray(answer)) console.log(JSON.stringify({ name, request, error: answer }));
    else {
      const response = forgetWho(O.fromBinary(answer)) as { header?: etcdserverpb.ResponseHeader };
      revision = Number(response.header?.revision ?? revision);
      const bytes = Buffer.from((O as unknown as Method["I"]).toBinary(response)).toString("base64");
      console.log(JSON.stringify({ name, request, response: bytes }));
    }
  };
  const commands = fc.sample(batches, { seed, numRuns: 50 }).flat(2);
  const reads = fc.sample(rangeRequest, { seed, numRuns: commands.length });
  for (const [index, command] of commands.entries()) {
    const message = messageOf(command);
    if (message !== undefined) await ask(message[0], fitting(message[1]));
    if (index % 2 === 0) await ask("Range", fitting(reads[index]!));
    if (index % 5 === 0) await ask("HashKV", { revision: BigInt(revision - (index % 4)) });
  }
}

/** Small values, fewer contradictions, and revisions near the one that the last answer came from. */
function fitting(message: object): object {
  const fitted = mapValues(message, (value) => (typeof value === "object" ? fittingValue(value) : value));
  if ("ignoreValue" in fitted && fitted["ignoreValue"] && odd())
    return { ...fitted, value: new Uint8Array(0) };
  if ("ignoreLease" in fitted && fitted["ignoreLease"] && odd()) return { ...fitted, lease: 0n };
  const wanted = fitted["revision"];
  return typeof wanted === "bigint" && wanted > 0n
    ? { ...fitted, revision: BigInt(revision + 1) - (wanted % 8n) }
    : fitted;
}

function fittingValue(value: unknown): unknown {
  if (value instanceof Uint8Array) return value.subarray(0, 40);
  if (Array.isArray(value)) return value.map(fittingValue);
  return typeof value === "object" ? fitting(value as object) : value;
}

function mapValues(message: object, change: (value: unknown) => unknown): Record<string, unknown> {
  return Object.fromEntries(Object.entries(message).map(([name, value]) => [name, change(value)]));
}

let turns = 0;
const odd = (): boolean => turns++ % 4 !== 0;
/** Of the last answer. */
let revision = 1;

/** Who answered differs from server to server. */
function forgetWho(message: object): object {
  const { header } = message as { header?: etcdserverpb.ResponseHeader };
  if (header === undefined) return message;
  return { ...message, header: { ...header, clusterId: 0n, memberId: 0n, raftTerm: 0n } };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}

/** Not one that comes with this repository. */
const program = "etcd";
const directory = mkdtempSync(join(tmpdir(), "lattice-etcd-"));
const client = `http://127.0.0.1:${await freePort()}`;
const peer = `http://127.0.0.1:${await freePort()}`;
const flags = [
  ["data-dir", directory],
  ["listen-client-urls", client],
  ["advertise-client-urls", client],
  ["listen-peer-urls", peer],
  ["initial-advertise-peer-urls", peer],
  ["initial-cluster", `default=${peer}`],
  ["log-level", "warn"],
];
const etcd = spawn(
  program,
  flags.map(([name, value]) => `--${name}=${value}`),
  { stdio: "ignore" },
);
try {
  for (;;) {
    const session = connect(client);
    const isUp = await Promise.race([
      once(session, "connect").then(() => true),
      once(session, "error").then(
        () => false,
        () => false,
      ),
    ]).catch(() => false);
    if (isUp) {
      await record(session, Number(process.argv[2] ?? 1));
      session.close();
      break;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
} finally {
  etcd.kill();
  await once(etcd, "exit");
  rmSync(directory, { recursive: true, force: true });
}
