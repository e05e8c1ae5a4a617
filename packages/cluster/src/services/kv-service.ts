/** etcd's KV service. What changes keys is proposed as it came; what reads them is answered here. */
import { setImmediate as nextTurn } from "node:timers/promises";
import { etcdserverpb, EtcdError } from "@lattice/etcd-proto";
import type { CallContext, Method } from "@lattice/grpc-front";
import type { RangeResult } from "@lattice/mvcc";
import type { AuthGate } from "../auth/auth-gate.ts";
import { REQUEST_BYTES_MAX } from "../limits.ts";
import type { Done } from "../machine/outcome.ts";
import { RequestKind, type RequestSession, type RequestUser } from "../machine/request.ts";
import { sessionOf } from "../sessions/session-metadata.ts";
import { decodePut, decodeRange } from "../wire/decode-request.ts";
import type { HeaderWriter } from "../wire/header-writer.ts";
import { encodeRangeResponse } from "../wire/range-response.ts";
import {
  checkDeleteRange,
  checkPut,
  checkRange,
  checkTxn,
  isReadOnly,
  isSerializable,
} from "./check-kv-request.ts";
import type { MemberPort, ServiceMethods } from "./member-port.ts";
import { asGrpcError, decodeMessage } from "./unary-method.ts";

type User = RequestUser | undefined;
type Handler = (bytes: Uint8Array, call: CallContext) => Uint8Array | Promise<Uint8Array>;

/** Reading what this member has. Throws an `EtcdError` where the user may not, or the revision cannot be had. */
export interface KeyReader {
  /** In steps, between which others have their turn. */
  range(request: etcdserverpb.RangeRequest, user: User): Iterator<void, RangeResult>;
  /** Of a transaction that only reads. */
  txn(request: etcdserverpb.TxnRequest, user: User): etcdserverpb.TxnResponse;
}

export interface KvServiceOptions {
  readonly member: MemberPort;
  readonly gate: AuthGate;
  readonly reader: KeyReader;
  readonly header: HeaderWriter;
  readonly term: () => number;
  /** Throws an `EtcdError` where there is no room for so many bytes more. */
  readonly checkRoom: (bytes: number) => void;
  /** Whether it has come before, and only its answer is wanted. */
  readonly wasDone: (session: RequestSession) => boolean;
  /** Resolves once what was compacted has left the storage. */
  readonly swept: (call: CallContext) => Promise<void>;
}

interface Proposal {
  readonly kind: RequestKind;
  readonly body: Uint8Array;
  readonly session: RequestSession | undefined;
}

const PUT = { fromBinary: decodePut };
const RANGE = { fromBinary: decodeRange };
const { DeleteRangeRequest, TxnRequest, CompactionRequest } = etcdserverpb;
const { PutResponse, DeleteRangeResponse, TxnResponse, CompactionResponse } = etcdserverpb;

export function* kvService(options: KvServiceOptions): ServiceMethods {
  const service = new KvService(options);
  yield method("Range", (bytes, call) => service.range(bytes, call));
  yield method("Put", (bytes, call) => service.put(bytes, call));
  yield method("DeleteRange", (bytes, call) => service.deleteRange(bytes, call));
  yield method("Txn", (bytes, call) => service.txn(bytes, call));
  yield method("Compact", (bytes, call) => service.compact(bytes, call));
}

class KvService {
  readonly #options: KvServiceOptions;

  constructor(options: KvServiceOptions) {
    this.#options = options;
  }

  range(bytes: Uint8Array, call: CallContext): Uint8Array | Promise<Uint8Array> {
    const { member, gate } = this.#options;
    const request = decodeMessage(RANGE, bytes);
    const { serializable } = request;
    member.admit(call, { isServedByLearner: serializable });
    checkRange(request);
    const read = () => gate.asCaller(call, (user) => this.#range(request, user));
    return serializable ? read() : member.readBarrier(call).then(read);
  }

  put(bytes: Uint8Array, call: CallContext): Promise<Uint8Array> {
    const { member, checkRoom, wasDone } = this.#options;
    member.admit(call);
    const request = decodeMessage(PUT, bytes);
    checkPut(request);
    const session = sessionOf(call.metadata);
    if (session === undefined || !wasDone(session)) checkRoom(bytes.length);
    const done = this.#propose(call, { kind: RequestKind.PUT, body: bytes, session });
    // Without the value that was replaced, the header is all there is.
    return done.then(
      request.prevKv ? (each) => this.#encode(PutResponse, each) : (each) => this.#header(each),
    );
  }

  async deleteRange(bytes: Uint8Array, call: CallContext): Promise<Uint8Array> {
    this.#options.member.admit(call);
    checkDeleteRange(decodeMessage(DeleteRangeRequest, bytes));
    const session = sessionOf(call.metadata);
    const done = await this.#propose(call, { kind: RequestKind.DELETE_RANGE, body: bytes, session });
    return this.#encode(DeleteRangeResponse, done);
  }

  async txn(bytes: Uint8Array, call: CallContext): Promise<Uint8Array> {
    const { member, gate, reader, checkRoom, wasDone } = this.#options;
    const request = decodeMessage(TxnRequest, bytes);
    const serializable = isSerializable(request);
    member.admit(call, { isServedByLearner: serializable });
    checkTxn(request);
    if (!isReadOnly(request)) {
      const session = sessionOf(call.metadata);
      if (session === undefined || !wasDone(session)) checkRoom(bytes.length);
      return this.#encode(
        TxnResponse,
        await this.#propose(call, { kind: RequestKind.TXN, body: bytes, session }),
      );
    }
    if (!serializable) await member.readBarrier(call);
    return gate.asCaller(call, (user) => {
      const response = reader.txn(request, user);
      return TxnResponse.toBinary({ ...response, header: member.header(Number(response.header!.revision)) });
    });
  }

  async compact(bytes: Uint8Array, call: CallContext): Promise<Uint8Array> {
    this.#options.member.admit(call);
    const { physical } = decodeMessage(CompactionRequest, bytes);
    const session = sessionOf(call.metadata);
    const done = await this.#propose(call, { kind: RequestKind.COMPACT, body: bytes, session });
    if (physical) await this.#options.swept(call);
    return this.#encode(CompactionResponse, done);
  }

  #propose(call: CallContext, { kind, body, session }: Proposal): Promise<Done> {
    const { member, gate } = this.#options;
    if (body.length > REQUEST_BYTES_MAX) throw EtcdError.of("requestTooLarge");
    const done = gate.asCaller(call, (user) => member.propose({ kind, body, user, session, call }));
    return done as Promise<Done>;
  }

  #range(request: etcdserverpb.RangeRequest, user: User): Uint8Array | Promise<Uint8Array> {
    const steps = this.#options.reader.range(request, user);
    const { done, value } = steps.next();
    return done === true ? this.#encodeRange(value) : this.#goOn(steps);
  }

  async #goOn(steps: Iterator<void, RangeResult>): Promise<Uint8Array> {
    for (;;) {
      await nextTurn();
      const { done, value } = steps.next();
      if (done === true) return this.#encodeRange(value);
    }
  }

  #encodeRange(result: RangeResult): Uint8Array {
    const { header, term } = this.#options;
    return encodeRangeResponse(header.field(result.revision, term()), result);
  }

  #header({ revision }: Done): Uint8Array {
    return this.#options.header.field(revision, this.#options.term());
  }

  #encode(type: { toBinary(message: never): Uint8Array }, { response, revision }: Done): Uint8Array {
    const message = { ...response, header: this.#options.member.header(revision) };
    return type.toBinary(message as never);
  }
}

function method(name: string, handle: Handler): [path: string, method: Method] {
  const safe: Handler = (bytes, call) => {
    try {
      const answer = handle(bytes, call);
      return answer instanceof Uint8Array ? answer : answer.catch(rethrow);
    } catch (error) {
      throw asGrpcError(error);
    }
  };
  return [`/etcdserverpb.KV/${name}`, { kind: "unary", handle: safe }];
}

function rethrow(error: unknown): never {
  throw asGrpcError(error);
}
