/** Operations of the checker as etcd's requests, and etcd's answers as those of the checker. */
import type {
  EtcdAction,
  EtcdAnswer,
  EtcdCompare,
  EtcdEntry,
  EtcdTxn,
} from "../../../../packages/check/src/index.ts";
import { etcdserverpb as pb, type mvccpb } from "../../../../packages/testkit/src/clusters/index.ts";

/** Between a value and bytes that only make it large, and of which the checker need not know. */
export const PADDING = "|";

export interface WriteOptions {
  readonly lease?: bigint;
  /** At the end of each value. */
  readonly padding?: string;
}

export function putRequest(
  { key, value }: { key: string; value: string },
  { lease = 0n, padding = "" }: WriteOptions = {},
): pb.PutRequest {
  return pb.PutRequest.create({ key: Buffer.from(key), value: Buffer.from(value + padding), lease });
}

export function txnRequest({ compares, success, failure }: EtcdTxn): pb.TxnRequest {
  return pb.TxnRequest.create({
    compare: compares.map(compareMessage),
    success: success.map(requestOp),
    failure: failure.map(requestOp),
  });
}

function requestOp(action: EtcdAction): pb.RequestOp {
  const key = Buffer.from(action.key);
  switch (action.type) {
    case "get":
      return { request: { oneofKind: "requestRange", requestRange: pb.RangeRequest.create({ key }) } };
    case "put":
      return { request: { oneofKind: "requestPut", requestPut: putRequest(action) } };
    case "delete":
      return {
        request: {
          oneofKind: "requestDeleteRange",
          requestDeleteRange: pb.DeleteRangeRequest.create({ key }),
        },
      };
  }
}

const { Compare_CompareResult: Result, Compare_CompareTarget: Target } = pb;
const RELATIONS = {
  "=": Result.EQUAL,
  "!=": Result.NOT_EQUAL,
  "<": Result.LESS,
  ">": Result.GREATER,
} as const;

function compareMessage(compare: EtcdCompare): pb.Compare {
  const result = RELATIONS[compare.relation];
  const base = { result, key: Buffer.from(compare.key), rangeEnd: new Uint8Array(0) };
  switch (compare.target) {
    case "version":
      return {
        ...base,
        target: Target.VERSION,
        targetUnion: { oneofKind: "version", version: BigInt(compare.to) },
      };
    case "createRevision":
      return {
        ...base,
        target: Target.CREATE,
        targetUnion: { oneofKind: "createRevision", createRevision: BigInt(compare.to) },
      };
    case "modRevision":
      return {
        ...base,
        target: Target.MOD,
        targetUnion: { oneofKind: "modRevision", modRevision: BigInt(compare.to) },
      };
    case "value":
      return {
        ...base,
        target: Target.VALUE,
        targetUnion: { oneofKind: "value", value: Buffer.from(compare.to) },
      };
  }
}

export function getAnswer({ kvs }: pb.RangeResponse): Extract<EtcdAnswer, { type: "get" }> {
  return { type: "get", entry: kvs[0] === undefined ? null : toEntry(kvs[0]) };
}

export function deleteAnswer({ deleted }: pb.DeleteRangeResponse): Extract<EtcdAnswer, { type: "delete" }> {
  return { type: "delete", deletedCount: Number(deleted) };
}

export function txnAnswer({ response }: pb.ResponseOp): EtcdAnswer {
  switch (response.oneofKind) {
    case "responseRange":
      return getAnswer(response.responseRange);
    case "responsePut":
      return { type: "put" };
    case "responseDeleteRange":
      return deleteAnswer(response.responseDeleteRange);
    case "responseTxn":
    case undefined:
      throw new Error("an answer to something that was not asked");
  }
}

function toEntry(kv: mvccpb.KeyValue): EtcdEntry {
  return {
    value: withoutPadding(kv.value),
    createRevision: Number(kv.createRevision),
    modRevision: Number(kv.modRevision),
    version: Number(kv.version),
  };
}

export function withoutPadding(value: Uint8Array): string {
  const end = value.indexOf(PADDING.charCodeAt(0));
  return Buffer.from(end === -1 ? value : value.subarray(0, end)).toString();
}
