/** The rows of load: what is sent, how often, and how it is seen that it was done. */
import { calls, EtcdClient, etcdserverpb } from "@lattice/testkit/clusters";
import type { Contestant } from "./contestant.ts";
import { runLoad, type LoadResult } from "./h2load.ts";
import { measureProcessors, type ProcessorUse } from "./processor-time.ts";

const VALUE_BYTES = 256;

export interface Row {
  readonly name: string;
  readonly kind: "put" | "linearizable get" | "serializable get";
  readonly inFlight: number;
  readonly requests: number;
  /** Of what etcd does, ours is to be at least this. */
  readonly goal: number;
}

export const rows: readonly Row[] = [
  { name: "put, 1 in flight", kind: "put", inFlight: 1, requests: 5_000, goal: 1 },
  { name: "put, 10 in flight", kind: "put", inFlight: 10, requests: 15_000, goal: 1.5 },
  { name: "put, 100 in flight", kind: "put", inFlight: 100, requests: 40_000, goal: 1.5 },
  { name: "put, 1000 in flight", kind: "put", inFlight: 1_000, requests: 40_000, goal: 1.2 },
  { name: "linearizable get, 100", kind: "linearizable get", inFlight: 100, requests: 30_000, goal: 1.2 },
  { name: "serializable get, 100", kind: "serializable get", inFlight: 100, requests: 30_000, goal: 1.2 },
];

export interface Measured extends LoadResult, ProcessorUse {
  readonly requests: number;
}

export async function measure(contestant: Contestant, row: Row): Promise<Measured> {
  const leader = await contestant.cluster.leader();
  const { path, message } = requestOf(row);
  const before = await revisionOf(leader.address);
  const { result, use } = await measureProcessors(contestant.cluster.pids, () => {
    return runLoad({
      address: leader.address,
      path,
      message,
      requests: row.requests,
      inFlight: row.inFlight,
      directory: contestant.directory,
    });
  });
  const grown = (await revisionOf(leader.address)) - before;
  const grownExpected = row.kind === "put" ? row.requests : 0;
  if (grown !== grownExpected) {
    throw new Error(
      `${contestant.name}, ${row.name}: the revision grew by ${grown}, not by ${grownExpected}`,
    );
  }
  // An answer with an error has no message, and one without the key has no value.
  if (row.kind !== "put" && result.dataBytes < row.requests * VALUE_BYTES) {
    throw new Error(
      `${contestant.name}, ${row.name}: ${result.dataBytes} bytes are too few for ${row.requests} values`,
    );
  }
  return { ...result, ...use, requests: row.requests };
}

function requestOf({ kind }: Row): { path: string; message: Uint8Array } {
  if (kind === "put") return { path: calls.put.path, message: putMessage("bench/key") };
  const { RangeRequest } = etcdserverpb;
  const message = RangeRequest.toBinary(
    RangeRequest.create({ key: Buffer.from("bench/key"), serializable: kind === "serializable get" }),
  );
  return { path: calls.range.path, message };
}

export function putMessage(key: string): Uint8Array {
  const { PutRequest } = etcdserverpb;
  return PutRequest.toBinary(
    PutRequest.create({ key: Buffer.from(key), value: Buffer.alloc(VALUE_BYTES, "v") }),
  );
}

export async function revisionOf(address: string): Promise<number> {
  using client = new EtcdClient(address);
  const { header } = await client.call(
    calls.range,
    { key: Buffer.from("bench/none") },
    { deadlineMs: 30_000 },
  );
  return Number(header!.revision);
}
