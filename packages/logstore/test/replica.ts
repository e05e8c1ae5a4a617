import { utf8 } from "@lattice/model";
import { MemoryReplica } from "@lattice/testkit";
import { logstore, type LogStoreClient, type logstoreV1 } from "@lattice/logstore";

export type LogReplica = MemoryReplica<LogStoreClient>;

export function replica(author: string, clockMs = 1): LogReplica {
  return new MemoryReplica(logstore, { author, clock: BigInt(clockMs) << 16n });
}

export function append(on: LogReplica, content: string) {
  return on.methods.append({ content: utf8(content) });
}

export async function contents(on: LogReplica, request: Parameters<LogReplica["methods"]["read"]>[0] = {}) {
  return (await on.methods.read(request)).entries.map(text);
}

export function text(entry: logstoreV1.LogEntry): string {
  return new TextDecoder().decode(entry.content);
}
