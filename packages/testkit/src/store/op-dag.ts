/** Random causal DAGs of ops of a store type: what its authors write, and what somebody writes who means harm. */
import { hlcFromMs, idHash, type IntentionId } from "@lattice/model";
import type { StoreType } from "@lattice/store";
import { BinaryWriter, WireType } from "@protobuf-ts/runtime";
import fc from "fast-check";
import { causalDag, type DagNode } from "../dag/causal-dag.ts";
import { authorNamed } from "../fakes/named-keys.ts";
import { anyMessage, type Known } from "../message/any-message.ts";
import { bytesIn } from "../message/known-bytes.ts";
import { composeOp, type MemoryOp } from "./memory-op.ts";
import { MemoryReplica } from "./memory-replica.ts";
import type { StoreUnderTest, Writing } from "./store-under-test.ts";

/** Where an op is written. */
export interface Place<Client> {
  /** Of its author, holding what that has seen. */
  replica(): MemoryReplica<Client>;
  /** Every op there is. */
  readonly world: readonly MemoryOp[];
}

/** What becomes a payload, in bytes, once it is known where it is written. */
export type PayloadDraft<Client> = (place: Place<Client>) => Uint8Array;

export type OpNode<Client> = DagNode<PayloadDraft<Client>>;

export interface OpDagOptions {
  /** How many of ten ops mean harm. */
  readonly hostileOfTen?: number;
  readonly countMin?: number;
  readonly countMax?: number;
}

const HOSTILE_OF_TEN = 2;

export function opDag<Client>(
  under: StoreUnderTest<Client>,
  options: OpDagOptions = {},
): fc.Arbitrary<readonly OpNode<Client>[]> {
  const { hostileOfTen = HOSTILE_OF_TEN, ...size } = options;
  const honest = honestPayload(under);
  const values = fc.oneof(
    { weight: 10 - hostileOfTen, arbitrary: honest },
    { weight: hostileOfTen, arbitrary: hostilePayload(under.type, honest) },
  );
  return causalDag({ ...size, values });
}

/** The ops of a DAG, at the indices of its nodes. */
export function writeOps<Client>(
  type: StoreType<Client>,
  nodes: readonly OpNode<Client>[],
): readonly MemoryOp[] {
  const ops: MemoryOp[] = [];
  for (const node of nodes) {
    const replica = (): MemoryReplica<Client> => {
      const made = new MemoryReplica(type, { author: node.author });
      for (const index of [...node.past].sort((a, b) => a - b)) made.apply(ops[index]!);
      return made;
    };
    const parents = node.parents.map((index) => ops[index]!.op.id);
    ops.push(
      composeOp(type, {
        author: authorNamed(node.author),
        seq: node.seq,
        timestamp: hlcFromMs(node.timeMs),
        parents,
        bytes: node.value({ replica, world: ops }),
      }),
    );
  }
  return ops;
}

/** The message that somebody writes who sees this. */
export function written<Client>(writing: Writing<Client>, place: Place<Client>): object {
  if (typeof writing !== "function") return writing;
  return writing(
    place.replica(),
    place.world.map(({ op }) => op.id),
  ) as object;
}

/** What random messages may speak of: ids, hashes, and the values in the payloads of ops. */
export function knownFrom(ops: readonly MemoryOp[]): Known {
  return ops.flatMap(({ op }): Uint8Array[] => {
    const id: IntentionId = op.id;
    return [id, idHash(id), ...bytesIn(op.payload)];
  });
}

function honestPayload<Client>({ type, ops }: StoreUnderTest<Client>): fc.Arbitrary<PayloadDraft<Client>> {
  return ops.map((writing) => (place) => type.payload.toBinary(type.payload.create(written(writing, place))));
}

/** Of a field that no type has: what a later version might write. */
const UNKNOWN_FIELD = new BinaryWriter().tag(1999, WireType.Varint).uint32(7).finish();
const GARBAGE_BYTES_MAX = 40;

/**
 * Messages of odd values and of ids that nobody has; honest payloads that are cut, changed in one byte, doubled, or have
 * a field more; and plain garbage.
 */
function hostilePayload<Client>(
  { payload }: StoreType<Client>,
  honest: fc.Arbitrary<PayloadDraft<Client>>,
): fc.Arbitrary<PayloadDraft<Client>> {
  const odd = anyMessage(payload).map((draft): PayloadDraft<Client> => {
    return ({ world }) => payload.toBinary(payload.create(draft(knownFrom(world))));
  });
  const garbage = fc.uint8Array({ maxLength: GARBAGE_BYTES_MAX }).map((bytes) => () => bytes);
  const changed = fc.tuple(honest, fc.constantFrom("cut", "flip", "double", "unknown"), fc.nat()).map(
    ([draft, how, at]): PayloadDraft<Client> =>
      (place) =>
        change(draft(place), how, at),
  );
  return fc.oneof(
    { weight: 4, arbitrary: odd },
    { weight: 3, arbitrary: changed },
    { weight: 1, arbitrary: garbage },
  );
}

function change(bytes: Uint8Array, how: "cut" | "flip" | "double" | "unknown", at: number): Uint8Array {
  switch (how) {
    case "cut":
      return bytes.subarray(0, at % (bytes.length + 1));
    case "flip":
      return bytes.map((byte, index) => (index === at % bytes.length ? byte ^ (1 << (at % 8)) : byte));
    case "double":
      return Uint8Array.from([...bytes, ...bytes]);
    case "unknown":
      return Uint8Array.from([...bytes, ...UNKNOWN_FIELD]);
  }
}
