/** `vectors/intentions.json`: bodies and what they say, and bodies that are none, with the reason. */
import {
  BODY_BYTES_MIN,
  compareBytes,
  CONDITION_COUNT_MAX,
  encodeIntention,
  HLC_MAX,
  OPS_BYTES_MAX,
  sha256,
  signerFromSeed,
  signIntention,
  storeIdOf,
  toHex,
  utf8,
  ZERO_ID,
  ZERO_STORE_ID,
  type Hlc,
  type Intention,
  type IntentionFields,
  type IntentionId,
  type Malformed,
} from "../../packages/model/src/index.ts";
import { weaver } from "../../packages/proto/src/index.ts";
import type { Recipe } from "./notation.ts";

export interface ValidIntention {
  readonly name: string;
  /** Of the author's key. */
  readonly seed: string;
  readonly fields: {
    readonly storeId: string;
    readonly author: string;
    readonly seq: string;
    readonly timestamp: string;
    readonly storePrev: string;
    readonly condition: readonly string[];
    readonly ops: string | Recipe;
  };
  readonly body: string | Recipe;
  readonly hash: string;
  readonly id: string;
  readonly signature: string;
}

export interface InvalidIntention {
  readonly name: string;
  readonly reason: Malformed;
  readonly body: string | Recipe;
}

const seed = sha256(utf8("lattice vectors"));
const signer = signerFromSeed(seed);
const idAt = (n: number) => new Uint8Array(40).fill(n) as IntentionId;

const genesis = encodeIntention({
  storeId: ZERO_STORE_ID,
  author: signer.publicKey,
  seq: 0,
  timestamp: ((1_767_225_600_000n << 16n) | 1n) as Hlc,
  storePrev: ZERO_ID,
  condition: [],
  ops: opsOf({
    oneofKind: "genesis",
    genesis: {
      storeType: "core:kvstore",
      schema: 1,
      nonce: new Uint8Array(16).fill(7),
      parent: new Uint8Array(0),
    },
  }),
});

const plain: IntentionFields = {
  storeId: storeIdOf(genesis.hash),
  author: signer.publicKey,
  seq: 1,
  timestamp: (genesis.timestamp + 1n) as Hlc,
  storePrev: genesis.id,
  condition: [],
  ops: opsOf({ oneofKind: "app", app: { schema: 1, payload: utf8("payload") } }),
};

function opsOf(op: weaver.Ops["op"]): Uint8Array {
  return weaver.Ops.toBinary({ op });
}

function conditions(count: number): IntentionId[] {
  return Array.from({ length: count }, (_, at) => idAt(at)).toSorted(compareBytes);
}

export function intentions(): { valid: ValidIntention[]; invalid: InvalidIntention[] } {
  return { valid: valid(), invalid: invalid() };
}

function valid(): ValidIntention[] {
  const admit = {
    member: signer.publicKey,
    role: weaver.Role.WRITER,
    secretHash: sha256(utf8("s")),
    name: "b",
  };
  const fields: readonly (readonly [name: string, of: Partial<IntentionFields>])[] = [
    ["an op of the store's type", {}],
    [
      "a system op",
      { ops: opsOf({ oneofKind: "system", system: { schema: 1, op: { oneofKind: "admit", admit } } }) },
    ],
    ["a merge: no ops", { condition: conditions(1), ops: new Uint8Array(0) }],
    ["ops that are no message, which is for the projection to find out", { ops: utf8("no message") }],
    ["64 conditions, ascending", { condition: conditions(CONDITION_COUNT_MAX) }],
    ["the greatest timestamp", { timestamp: HLC_MAX as Hlc }],
    ["a timestamp of zero", { timestamp: 0n as Hlc }],
    ["the greatest seq: 2^53 - 1", { seq: Number.MAX_SAFE_INTEGER }],
    ["a condition that is all zeros", { condition: [idAt(0)] }],
  ];
  return [
    describe("a genesis", genesis),
    ...fields.map(([name, of]) => describe(name, encodeIntention({ ...plain, ...of }))),
    largest(),
  ];
}

function describe(name: string, intention: Intention): ValidIntention {
  const { storeId, author, seq, timestamp, storePrev, condition, ops, body, hash, id } = intention;
  return {
    name,
    seed: toHex(seed),
    fields: {
      storeId: toHex(storeId),
      author: toHex(author),
      seq: String(seq),
      timestamp: String(timestamp),
      storePrev: toHex(storePrev),
      condition: condition.map(toHex),
      ops: toHex(ops),
    },
    body: toHex(body),
    hash: toHex(hash),
    id: toHex(id),
    signature: toHex(signIntention(signer, hash)),
  };
}

function largest(): ValidIntention {
  const intention = encodeIntention({ ...plain, ops: new Uint8Array(OPS_BYTES_MAX).fill(0xee) });
  const { fields, ...described } = describe("1 MiB of ops", intention);
  const ops = [{ repeat: "ee", count: OPS_BYTES_MAX }];
  const head = toHex(intention.body.subarray(0, BODY_BYTES_MIN));
  return { ...described, fields: { ...fields, ops }, body: [head, ...ops] };
}

/** Where each field of the body begins, and its end. */
function places(): readonly (readonly [field: string, at: number])[] {
  return [
    ["version", 0],
    ["store_id", 1],
    ["author", 17],
    ["seq", 49],
    ["timestamp", 57],
    ["store_prev", 65],
    ["condition's count", 105],
    ["condition", 109],
    ["ops' length", 149],
    ["ops", 153],
  ];
}

function invalid(): InvalidIntention[] {
  const { body } = encodeIntention({ ...plain, condition: [idAt(1)] });
  const cut = places().flatMap(([field, at]) => [
    refused(`cut in front of ${field}`, "length", body.subarray(0, at)),
    ...(at === 0
      ? []
      : [refused(`cut behind the first byte of ${field}`, "length", body.subarray(0, at + 1))]),
  ]);
  return [
    ...cut,
    refused("cut in front of its last byte", "length", body.subarray(0, -1)),
    refused("a trailing zero", "length", patched(body, body.length, "00")),
    refused("twice the same body", "length", patched(body, body.length, toHex(body))),
    ...[0, 2, 255].map((version) =>
      refused(`version ${version}`, "version", patched(body, 0, toHex(Uint8Array.of(version)))),
    ),
    refused("seq 2^53", "seq", patched(body, 49, "0000000000002000")),
    refused("seq 2^64 - 1", "seq", patched(body, 49, "ff".repeat(8))),
    refused(
      "65 conditions",
      "condition-count",
      encodeIntention({ ...plain, condition: conditions(65) }).body,
    ),
    refused("2^32 - 1 conditions in a short body", "condition-count", patched(body, 105, "ffffffff")),
    refused("one condition more than there is", "length", patched(body, 105, "02000000")),
    refused("conditions that descend", "condition-order", withConditions([2, 1])),
    refused("a condition twice", "condition-order", withConditions([1, 1])),
    refused("the last two of three conditions swapped", "condition-order", withConditions([1, 3, 2])),
    refused("ops that end early", "length", patched(body, 149, "ffff0000")),
    refused("ops of 2^32 - 1 bytes in a short body", "ops-size", patched(body, 149, "ffffffff")),
    tooLarge(),
    refused("seq 0 in a store", "genesis-shape", encodeIntention({ ...plain, seq: 0 }).body),
    refused(
      "no store, but seq 1",
      "genesis-shape",
      encodeIntention({ ...plain, storeId: ZERO_STORE_ID }).body,
    ),
    refused(
      "nothing before it, but seq 1",
      "genesis-shape",
      encodeIntention({ ...plain, storePrev: ZERO_ID }).body,
    ),
    refused(
      "a genesis with a store",
      "genesis-shape",
      encodeIntention({ ...genesis, storeId: plain.storeId }).body,
    ),
    refused(
      "a genesis on something",
      "genesis-shape",
      encodeIntention({ ...genesis, storePrev: genesis.id }).body,
    ),
    refused(
      "a genesis with a condition",
      "genesis-shape",
      encodeIntention({ ...genesis, condition: [idAt(1)] }).body,
    ),
    refused("a genesis with seq 1", "genesis-shape", encodeIntention({ ...genesis, seq: 1 }).body),
  ];
}

function refused(name: string, reason: Malformed, body: Uint8Array): InvalidIntention {
  return { name, reason, body: toHex(body) };
}

function withConditions(numbers: readonly number[]): Uint8Array {
  return encodeIntention({ ...plain, condition: numbers.map(idAt) }).body;
}

function patched(body: Uint8Array, at: number, hex: string): Uint8Array {
  const text = toHex(body);
  return new Uint8Array(Buffer.from(text.slice(0, 2 * at) + hex + text.slice(2 * at + hex.length), "hex"));
}

function tooLarge(): InvalidIntention {
  const count = OPS_BYTES_MAX + 1;
  const { body } = encodeIntention({ ...plain, ops: new Uint8Array(count) });
  const head = toHex(body.subarray(0, BODY_BYTES_MIN));
  return { name: "ops of 1 MiB and a byte", reason: "ops-size", body: [head, { repeat: "00", count }] };
}
