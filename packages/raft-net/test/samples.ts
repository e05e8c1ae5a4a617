/** Messages of every kind, with any content. */
import {
  EntryKind,
  logIndex,
  memberId,
  membershipOf,
  term,
  type Entry,
  type LogIndex,
  type Message,
  type SnapshotMeta,
} from "@lattice/raft";
import fc from "fast-check";

export const BETWEEN = { from: memberId(0xa1), to: memberId(0xb2) };

const number = fc.oneof(fc.nat({ max: 200 }), fc.maxSafeNat());
const index: fc.Arbitrary<LogIndex> = number.map(logIndex);
const anyTerm = number.map(term);
const flag = fc.boolean();
const bytes = fc.uint8Array({ maxLength: 300 });
const membership = fc
  .uniqueArray(fc.integer({ min: 1, max: 2 ** 48 }), { minLength: 1, maxLength: 5 })
  .map((ids) => membershipOf(ids.map(memberId)));

function entriesAfter(prevIndex: number): fc.Arbitrary<Entry[]> {
  const kinds = fc.oneof(
    bytes.map((data) => ({ kind: EntryKind.DATA, data, membership: undefined })),
    membership.map((each) => ({ kind: EntryKind.MEMBERSHIP, data: new Uint8Array(), membership: each })),
    fc.constant({ kind: EntryKind.NOOP, data: new Uint8Array(), membership: undefined }),
  );
  return fc
    .array(fc.tuple(kinds, anyTerm), { maxLength: 6 })
    .map((all) => all.map(([what, of], at) => ({ index: logIndex(prevIndex + 1 + at), term: of, ...what })));
}

const snapshot: fc.Arbitrary<SnapshotMeta> = fc.record({
  index,
  term: anyTerm,
  membership,
  sizeBytes: number,
  checksum: number,
});
const read = fc.record({ session: number, number });

type Body<T = Message> = T extends Message ? Omit<T, "from" | "to" | "term"> : never;

const body: fc.Arbitrary<Body> = fc.oneof(
  fc.record({
    type: type("request-vote"),
    isPre: flag,
    isTransfer: flag,
    lastIndex: index,
    lastTerm: anyTerm,
  }),
  fc.record({ type: type("vote"), isPre: flag, isGranted: flag }),
  fc.nat({ max: 2 ** 31 }).chain((prevIndex) =>
    fc.record({
      type: type("append"),
      prevIndex: fc.constant(logIndex(prevIndex)),
      prevTerm: anyTerm,
      entries: entriesAfter(prevIndex),
      commit: index,
      round: number,
    }),
  ),
  fc.record({
    type: type("append-reply"),
    isRejected: flag,
    index,
    hintIndex: index,
    hintTerm: anyTerm,
    round: number,
  }),
  fc.record({ type: type("heartbeat"), commit: index, round: number }),
  fc.record({ type: type("heartbeat-reply"), round: number }),
  fc.record({ type: type("snapshot"), snapshot, offset: number, data: bytes, round: number }),
  fc.record({ type: type("snapshot-reply"), index, offset: number, round: number }),
  fc.record({ type: type("timeout-now") }),
  fc.record({ type: type("read-request"), read }),
  fc.record({ type: type("read-reply"), read, index }),
);

export const anyRaftMessage: fc.Arbitrary<Message> = fc
  .tuple(body, anyTerm)
  .map(([fields, of]) => ({ ...fields, ...BETWEEN, term: of }));

function type<T extends Message["type"]>(name: T): fc.Arbitrary<T> {
  return fc.constant(name);
}
