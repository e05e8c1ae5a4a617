/**
 * Unary calls against the two gRPC fronts, and against grpc-js for comparison: how many a second, and what each costs the
 * server in CPU time. Called by h2load, which is written in C: a client in JavaScript would be measured itself.
 */
import { fork, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { median, rate, report } from "./report.ts";
import { withScratch } from "./scratch.ts";

const KINDS = ["own", "native", "grpc-js"] as const;
type Kind = (typeof KINDS)[number];

const ROUNDS = 5;
/** Calls of a round, by how many are in flight. */
const CALLS: ReadonlyMap<number, number> = new Map([
  [1, 1_500],
  [100, 15_000],
  [1_000, 15_000],
]);
const REQUEST_BYTES = 256 + 24;

interface Server {
  readonly kind: Kind;
  readonly child: ChildProcess;
  readonly port: number;
}

interface Figures {
  readonly perSecond: number;
  readonly cpuUs: number;
}

export async function benchGrpcFront(): Promise<void> {
  if (spawnSync("h2load", ["--version"]).error) {
    console.log("gRPC front: needs h2load (Debian: nghttp2-client), which is not there");
    return;
  }
  await withScratch(async (directory) => {
    const body = join(directory, "body");
    writeFileSync(body, requestBody());
    const servers = await Promise.all(KINDS.map(start));
    try {
      for (const path of ["Put", "PutLater"]) await benchPath({ servers, body, path });
    } finally {
      for (const { child } of servers) child.kill();
    }
  });
}

/** A message of gRPC, as long as a put of 256 bytes. */
function requestBody(): Uint8Array {
  const body = Buffer.alloc(5 + REQUEST_BYTES, 1);
  body[0] = 0;
  body.writeUInt32BE(REQUEST_BYTES, 1);
  return body;
}

interface Setup {
  readonly servers: readonly Server[];
  readonly body: string;
  readonly path: string;
}

async function benchPath({ servers, body, path }: Setup): Promise<void> {
  for (const [inFlight, calls] of CALLS) {
    const figures = new Map<Kind, Figures[]>(KINDS.map((kind) => [kind, []]));
    // The first round warms up. In turns, since the machine has better and worse moments.
    for (let round = 0; round <= ROUNDS; round++) {
      for (const server of servers) {
        const measured = await measure(server, { body, path, inFlight, calls });
        if (round > 0) figures.get(server.kind)!.push(measured);
      }
    }
    for (const [kind, all] of figures) {
      const perSecond = median(all.map((each) => each.perSecond));
      const cpuUs = median(all.map((each) => each.cpuUs));
      const how = path === "Put" ? "answered at once" : "answered in the next turn";
      const target = kind === "own" && inFlight >= 100 ? "≤ 20 µs of CPU" : "-";
      report(
        `gRPC ${kind}, ${inFlight} in flight, ${how}`,
        `${rate(perSecond)}, ${cpuUs.toFixed(1)} µs`,
        target,
      );
    }
  }
}

async function start(kind: Kind): Promise<Server> {
  const child = fork(join(import.meta.dirname, "serve-grpc.ts"), [kind]);
  const [port] = (await once(child, "message")) as [number];
  return { kind, child, port };
}

interface Load {
  readonly body: string;
  readonly path: string;
  readonly inFlight: number;
  readonly calls: number;
}

async function measure({ child, port }: Server, { body, path, inFlight, calls }: Load): Promise<Figures> {
  const before = await cpuUsOf(child);
  const headers = ["-H", "content-type: application/grpc", "-H", "te: trailers"];
  const url = `http://127.0.0.1:${port}/etcdserverpb.KV/${path}`;
  const { stdout } = spawnSync("h2load", [
    "-n",
    `${calls}`,
    "-c",
    "1",
    "-m",
    `${inFlight}`,
    "-d",
    body,
    ...headers,
    url,
  ]);
  const [, perSecond] = /finished in .*, ([0-9.]+) req\/s/u.exec(String(stdout)) ?? [];
  if (!String(stdout).includes(`${calls} succeeded`))
    throw new Error(`not all calls succeeded:\n${String(stdout)}`);
  return { perSecond: Number(perSecond), cpuUs: ((await cpuUsOf(child)) - before) / calls };
}

async function cpuUsOf(child: ChildProcess): Promise<number> {
  child.send("cpu");
  const [us] = (await once(child, "message")) as [number];
  return us;
}
