/**
 * Which way a transaction goes. All conditions are looked at before anything is done, those of transactions within it as well;
 * and so is whether what lies on the way can be done at all: first the puts, then the reads.
 */
import { EtcdError, type etcdserverpb } from "@lattice/etcd-proto";
import { holds } from "./compare.ts";
import type { Reading } from "./reading.ts";
import { responseHeader } from "./response-header.ts";

type Request = etcdserverpb.RequestOp["request"];
type Response = etcdserverpb.ResponseOp["response"];

export interface TxnPath {
  readonly succeeded: boolean;
  readonly steps: readonly TxnStep[];
}

interface TxnStep {
  readonly request: Request;
  /** Of a transaction. */
  readonly path: TxnPath | undefined;
}

export function pathOf(reading: Reading, request: etcdserverpb.TxnRequest): TxnPath {
  const succeeded = request.compare.every((compare) => holds(reading, compare));
  const steps = (succeeded ? request.success : request.failure).map((operation): TxnStep => {
    const { request: each } = operation;
    return {
      request: each,
      path: each.oneofKind === "requestTxn" ? pathOf(reading, each.requestTxn) : undefined,
    };
  });
  return { succeeded, steps };
}

/** The first refusal on the way. */
export function findRefusal(
  { steps }: TxnPath,
  refuse: (request: Request) => EtcdError | undefined,
): EtcdError | undefined {
  for (const { request, path } of steps) {
    const refusal = path === undefined ? refuse(request) : findRefusal(path, refuse);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

/** Whether a read that is part of a transaction can be done. Unlike one by itself, it may not ask for what is below all revisions. */
export function refuseRange(reading: Reading, request: Request): EtcdError | undefined {
  if (request.oneofKind !== "requestRange") return undefined;
  const { revision } = request.requestRange;
  if (revision === 0n) return undefined;
  if (revision > BigInt(reading.revision)) return EtcdError.of("futureRev");
  return revision < BigInt(reading.compactRevision) ? EtcdError.of("compacted") : undefined;
}

/** Does what lies on the way, with `perform` for all that is no transaction. */
export function walk(path: TxnPath, walking: Walking): etcdserverpb.TxnResponse {
  const responses = walkSteps(path, walking);
  return { header: responseHeader(walking.reading.revision), succeeded: path.succeeded, responses };
}

interface Walking {
  readonly reading: Reading;
  readonly perform: (request: Request) => Response;
}

/** etcd tells no revision of a transaction within another. */
function walkSteps({ steps }: TxnPath, walking: Walking): etcdserverpb.ResponseOp[] {
  return steps.map(({ request, path }) => {
    if (path === undefined) return { response: walking.perform(request) };
    const responseTxn = {
      header: responseHeader(0),
      succeeded: path.succeeded,
      responses: walkSteps(path, walking),
    };
    return { response: { oneofKind: "responseTxn", responseTxn } };
  });
}
