/** Requests at random, over few keys and revisions so that they meet. */
import { etcdserverpb } from "@lattice/etcd-proto";
import { utf8 } from "@lattice/model";
import fc from "fast-check";

const { Compare, DeleteRangeRequest, PutRequest, RangeRequest, TxnRequest } = etcdserverpb;

export type Command =
  | { readonly kind: "put"; readonly request: etcdserverpb.PutRequest }
  | { readonly kind: "deleteRange"; readonly request: etcdserverpb.DeleteRangeRequest }
  | { readonly kind: "txn"; readonly request: etcdserverpb.TxnRequest }
  | { readonly kind: "compact"; readonly revision: bigint }
  | { readonly kind: "sweep"; readonly changesMax: number }
  | { readonly kind: "grant"; readonly id: bigint; readonly ttl: bigint }
  | { readonly kind: "revoke"; readonly id: bigint };

const key = fc.constantFrom("a", "aa", "ab", "b", "b\0", "c", "\xff", "k".repeat(2_000)).map(utf8);
const rangeEnd = fc.oneof(
  { weight: 3, arbitrary: fc.constant(new Uint8Array(0)) },
  fc.constantFrom("\0", "a", "ab", "b", "c", "d").map(utf8),
);
/** Some of them so large that they fill blocks. */
const value = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom("", "0", "1", "2").map(utf8) },
  fc.constantFrom(100, 3_000, 9_000).map((length) => new Uint8Array(length).fill(length % 251)),
);
const lease = fc.constantFrom(0n, 0n, 0n, 1n, 2n, -1n, 0x7fff_ffff_ffff_ffffn);
/** Relative to the present one it would be out of reach too often. */
const revision = fc.oneof({ weight: 2, arbitrary: fc.constant(0n) }, fc.bigInt({ min: -2n, max: 60n }));

export const rangeRequest: fc.Arbitrary<etcdserverpb.RangeRequest> = fc
  .record({
    key,
    rangeEnd,
    revision,
    limit: fc.constantFrom(0n, 0n, 1n, 2n, 3n, -1n),
    sortOrder: fc.constantFrom(0, 0, 1, 2),
    sortTarget: fc.constantFrom(0, 0, 1, 2, 3, 4),
    keysOnly: fc.boolean(),
    countOnly: fc.constantFrom(false, false, true),
    minModRevision: fc.constantFrom(0n, 0n, 0n, 4n),
    maxModRevision: fc.constantFrom(0n, 0n, 0n, 8n),
    minCreateRevision: fc.constantFrom(0n, 0n, 0n, 4n),
    maxCreateRevision: fc.constantFrom(0n, 0n, 0n, 8n),
  })
  .map((fields) => RangeRequest.create(fields));

const putRequest = fc
  .record({
    key,
    value,
    lease,
    prevKv: fc.boolean(),
    ignoreValue: fc.constantFrom(false, false, false, true),
    ignoreLease: fc.constantFrom(false, false, false, true),
  })
  .map((fields) => PutRequest.create(fields));

const deleteRequest = fc
  .record({ key, rangeEnd, prevKv: fc.boolean() })
  .map((fields) => DeleteRangeRequest.create(fields));

const number = fc.constantFrom(0n, 1n, 2n, 5n, 9n);
const compare = fc
  .record({
    key,
    rangeEnd,
    result: fc.constantFrom(0, 1, 2, 3),
    target: fc.constantFrom(0, 1, 2, 3, 4),
    targetUnion: fc.oneof(
      number.map((version) => ({ oneofKind: "version" as const, version })),
      number.map((createRevision) => ({ oneofKind: "createRevision" as const, createRevision })),
      number.map((modRevision) => ({ oneofKind: "modRevision" as const, modRevision })),
      value.map((given) => ({ oneofKind: "value" as const, value: given })),
      lease.map((id) => ({ oneofKind: "lease" as const, lease: id })),
    ),
  })
  .map((fields) => Compare.create(fields));

const { txn } = fc.letrec<{ txn: etcdserverpb.TxnRequest; operation: etcdserverpb.RequestOp }>((tie) => ({
  txn: fc
    .record({
      compare: fc.array(compare, { maxLength: 2 }),
      success: fc.array(tie("operation"), { maxLength: 3 }),
      failure: fc.array(tie("operation"), { maxLength: 3 }),
    })
    .map((fields) => TxnRequest.create(fields)),
  operation: fc
    .oneof(
      { depthSize: "small", withCrossShrink: true },
      putRequest.map((requestPut) => ({ oneofKind: "requestPut" as const, requestPut })),
      rangeRequest.map((requestRange) => ({ oneofKind: "requestRange" as const, requestRange })),
      deleteRequest.map((requestDeleteRange) => ({
        oneofKind: "requestDeleteRange" as const,
        requestDeleteRange,
      })),
      tie("txn").map((requestTxn) => ({ oneofKind: "requestTxn" as const, requestTxn })),
    )
    .map((request) => ({ request })),
}));

const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 8, arbitrary: putRequest.map((request) => ({ kind: "put" as const, request })) },
  { weight: 3, arbitrary: deleteRequest.map((request) => ({ kind: "deleteRange" as const, request })) },
  { weight: 3, arbitrary: txn.map((request) => ({ kind: "txn" as const, request })) },
  { weight: 1, arbitrary: revision.map((at) => ({ kind: "compact" as const, revision: at })) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(1, 2, 5, 100).map((changesMax) => ({ kind: "sweep" as const, changesMax })),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("grant" as const),
      id: lease,
      ttl: fc.constantFrom(1n, 60n, 9_000_000_001n),
    }),
  },
  { weight: 1, arbitrary: lease.map((id) => ({ kind: "revoke" as const, id })) },
);

/** What is done in one transaction each. */
export const batches: fc.Arbitrary<Command[][]> = fc.array(
  fc.array(command, { minLength: 1, maxLength: 8 }),
  {
    minLength: 1,
    maxLength: 12,
  },
);
