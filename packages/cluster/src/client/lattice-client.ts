/**
 * The client of a node of the mesh, speaking to a cluster: whoever uses stores by their types need not know which of the two it is.
 * All of a cluster's errors are `LatticeError`s here, as a node's are. What a cluster does not have, it answers with `unimplemented`.
 */
import { clientOf, replyStream, type LatticeClient } from "@lattice/api/calling";
import { EtcdError, GrpcCode } from "@lattice/etcd-proto";
import { LatticeError, type ErrorCode } from "@lattice/model";
import { openClusterClient, type ClusterClientOptions } from "./cluster-client.ts";

/** Does not speak to anybody yet. Throws `invalid-argument` for what is no endpoint. */
export async function openLatticeClient(options: ClusterClientOptions): Promise<LatticeClient> {
  const cluster = await openClusterClient(options);
  return clientOf({
    unary: (method, request, { signal }) => cluster.call(method, request, withSignal(signal)).catch(rethrow),
    stream: (method, request, { signal }) =>
      replyStream((own) => telling(cluster.stream(method, request, withSignal(own))), signal),
    close: () => cluster.close(),
  });
}

function withSignal(signal: AbortSignal | undefined): { readonly signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}

async function* telling(stream: AsyncIterable<object>): AsyncGenerator<object> {
  try {
    yield* stream;
  } catch (error) {
    rethrow(error);
  }
}

const CODES: ReadonlyMap<number, ErrorCode> = new Map([
  [GrpcCode.INVALID_ARGUMENT, "invalid-argument"],
  [GrpcCode.PERMISSION_DENIED, "permission-denied"],
  [GrpcCode.UNAUTHENTICATED, "permission-denied"],
  [GrpcCode.RESOURCE_EXHAUSTED, "resource-exhausted"],
  [GrpcCode.FAILED_PRECONDITION, "failed-precondition"],
  [GrpcCode.UNIMPLEMENTED, "unimplemented"],
  [GrpcCode.UNAVAILABLE, "unavailable"],
  [GrpcCode.DEADLINE_EXCEEDED, "timeout"],
  [GrpcCode.DATA_LOSS, "corrupt"],
]);

function rethrow(error: unknown): never {
  if (!(error instanceof EtcdError)) throw LatticeError.from(error);
  throw new LatticeError(CODES.get(error.code) ?? "internal", error.message, { cause: error });
}
