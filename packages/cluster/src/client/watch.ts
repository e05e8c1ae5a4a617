/**
 * A watch that goes on at another member when its own is lost: from the revision after the last that was given, so that nothing is
 * left out and nothing comes twice.
 */
import { EtcdError, EtcdErrors, etcdserverpb, GrpcCode } from "@lattice/etcd-proto";
import { LatticeError } from "@lattice/model";
import type { PartialMessage } from "@protobuf-ts/runtime";
import { CallFailure } from "./call-failure.ts";
import type { Conversation } from "./connection.ts";

export type WatchRequest = PartialMessage<etcdserverpb.WatchCreateRequest>;
export type WatchResponse = etcdserverpb.WatchResponse;

/** The revisions before `compactRevision` are gone, and with them what the watch had not given yet. */
export class WatchCompacted extends EtcdError {
  readonly compactRevision: bigint;

  constructor(compactRevision: bigint) {
    super(EtcdErrors.compacted[0], EtcdErrors.compacted[1]);
    this.compactRevision = compactRevision;
  }
}

export interface WatchOptions {
  /** Opens a stream at whichever member answers; runs until its signal aborts. */
  readonly open: (signal: AbortSignal) => Promise<Conversation>;
  readonly signal: AbortSignal;
  /** Is told that the connection was lost, before it goes on. */
  readonly onResume?: ((failure: Error) => void) | undefined;
}

/** Ends when the signal aborts. Throws `WatchCompacted`, or an `EtcdError` where it may not watch. */
export async function* watch(request: WatchRequest, options: WatchOptions): AsyncGenerator<WatchResponse> {
  let next = BigInt(request.startRevision ?? 0n);
  let hasBegun = false;
  for (;;) {
    const own = new AbortController();
    const signal = AbortSignal.any([options.signal, own.signal]);
    try {
      const conversation = await options.open(signal);
      conversation.send(createRequest({ ...request, startRevision: next, fragment: true }));
      hasBegun = true;
      for await (const response of joined(decoded(conversation.messages))) {
        throwIfCanceled(response);
        next = revisionAfter(response, next);
        if (!response.created) yield response;
      }
    } catch (error) {
      if (options.signal.aborted) return;
      if (!isPassing(error, hasBegun)) throw error instanceof CallFailure ? error.error : error;
      options.onResume?.(error);
    } finally {
      own.abort();
    }
    if (options.signal.aborted) return;
  }
}

function createRequest(request: WatchRequest): Uint8Array {
  const { WatchRequest: Request, WatchCreateRequest } = etcdserverpb;
  const createRequest = WatchCreateRequest.create(request);
  return Request.toBinary({ requestUnion: { oneofKind: "createRequest", createRequest } });
}

async function* decoded(messages: AsyncIterable<Uint8Array>): AsyncGenerator<WatchResponse> {
  for await (const message of messages) yield etcdserverpb.WatchResponse.fromBinary(message);
  throw new CallFailure("unknown", new EtcdError(GrpcCode.UNAVAILABLE, "the member has ended the watch"));
}

/** A revision with many events comes in parts; whoever watches gets it as one. */
async function* joined(responses: AsyncIterable<WatchResponse>): AsyncGenerator<WatchResponse> {
  let events: WatchResponse["events"] = [];
  for await (const response of responses) {
    events.push(...response.events);
    if (response.fragment) continue;
    yield { ...response, events };
    events = [];
  }
}

function throwIfCanceled({ canceled, compactRevision, cancelReason }: WatchResponse): void {
  if (!canceled) return;
  if (compactRevision > 0n) throw new WatchCompacted(compactRevision);
  if (cancelReason === "" || cancelReason === EtcdErrors.noLeader[1]) {
    throw new CallFailure("unknown", EtcdError.of("noLeader"));
  }
  const known = Object.values(EtcdErrors).find(([, text]) => text === cancelReason);
  throw new EtcdError(known?.[0] ?? GrpcCode.CANCELLED, cancelReason);
}

/** Also what has no events says how far it has come: a progress, and, from now on, the beginning. */
function revisionAfter({ events, header, created }: WatchResponse, next: bigint): bigint {
  const last = events.at(-1)?.kv?.modRevision;
  if (last !== undefined) return last + 1n;
  const revision = header?.revision ?? 0n;
  if (created && next > 0n) return next;
  return revision + 1n > next ? revision + 1n : next;
}

/** Of a watch that has begun, that nobody answers as well. */
function isPassing(error: unknown, hasBegun: boolean): error is Error {
  if (error instanceof CallFailure) return error.kind !== "answered";
  return hasBegun && error instanceof LatticeError && error.retry;
}
