/**
 * Load from `h2load` (Debian's nghttp2-client), which takes a tenth of a core for ten thousand calls a second: a client in Node
 * would be measured instead of the server. It knows nothing of gRPC; that the calls succeeded is seen from the bytes of the
 * answers, and of writes from the revision.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";

export interface Load {
  readonly address: string;
  readonly path: string;
  /** One message, sent again and again. */
  readonly message: Uint8Array;
  readonly requests: number;
  readonly inFlight: number;
  /** For files of this run. */
  readonly directory: string;
}

export interface LoadResult {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Of messages in answers. */
  readonly dataBytes: number;
}

/** More in flight go over more connections, as with several clients. */
const STREAMS_PER_CONNECTION = 25;

export async function runLoad(load: Load): Promise<LoadResult> {
  const body = join(load.directory, "h2load-body");
  const log = join(load.directory, "h2load-log");
  writeFileSync(body, framed(load.message));
  rmSync(log, { force: true });
  const connections = Math.max(1, Math.ceil(load.inFlight / STREAMS_PER_CONNECTION));
  const child = spawn("h2load", [
    ...["-n", `${load.requests}`, "-c", `${connections}`, "-m", `${Math.ceil(load.inFlight / connections)}`],
    ...["-d", body, "-H", "content-type: application/grpc", "-H", "te: trailers"],
    ...[`--log-file=${log}`, `http://${load.address}${load.path}`],
  ]);
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  const succeeded = Number(/(\d+) succeeded/.exec(out)?.[1]);
  if (succeeded !== load.requests)
    throw new Error(`${succeeded} of ${load.requests} succeeded\n${out}${err}`);
  const times = readFileSync(log, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => Number(line.split("\t")[2]) / 1000)
    .sort((a, b) => a - b);
  return {
    perSecond: Number(/, ([\d.]+) req\/s/.exec(out)![1]),
    p50Ms: times[Math.floor(times.length / 2)]!,
    p99Ms: times[Math.floor(times.length * 0.99)]!,
    dataBytes: Number(/\((\d+)\) data/.exec(out)![1]),
  };
}

function framed(message: Uint8Array): Uint8Array {
  const frame = Buffer.alloc(5 + message.length);
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, 5);
  return frame;
}
