/** The conditions of a transaction. */
import { etcdserverpb } from "@lattice/etcd-proto";
import { compareBytes } from "@lattice/model";
import { keyRange } from "./key-range.ts";
import { decodeKeyValue, EMPTY, NO_LEASE } from "./key-value.ts";
import type { Reading, Version } from "./reading.ts";

const { Compare_CompareResult: CompareResult, Compare_CompareTarget: CompareTarget } = etcdserverpb;

type Compare = etcdserverpb.Compare;
/** Of a key that does not exist all numbers are 0; no value is anything towards it. */
type Compared = Pick<Version, "createRevision" | "modRevision" | "version" | "lease">;

const ABSENT: Compared = { createRevision: 0, modRevision: 0, version: 0, lease: NO_LEASE };

/** A condition on a range holds if it holds for all keys in it; of a range without keys, if it does for one that does not exist. */
export function holds(reading: Reading, compare: Compare): boolean {
  const range = keyRange(compare);
  if (range.bounds === undefined) {
    const row = reading.row(range.key);
    const version = row && reading.versionAt(range.key, row, reading.revision);
    return version === undefined ? holdsForNone(compare) : holdsFor(reading, compare, version);
  }
  let isEmpty = true;
  for (const [key, row] of reading.rows(range)) {
    const version = reading.versionAt(key, row, reading.revision);
    if (version === undefined) continue;
    isEmpty = false;
    if (!holdsFor(reading, compare, version)) return false;
  }
  return !isEmpty || holdsForNone(compare);
}

function holdsForNone(compare: Compare): boolean {
  return compare.target !== CompareTarget.VALUE && isResult(compare.result, orderOf(ABSENT, compare));
}

function holdsFor(reading: Reading, compare: Compare, version: Version): boolean {
  const order =
    compare.target === CompareTarget.VALUE
      ? compareBytes(decodeKeyValue(reading.keyValueOf(version)).value, valueIn(compare))
      : orderOf(version, compare);
  return isResult(compare.result, order);
}

/** Of what the key has towards what is given; where something else is given than the target asks for, towards 0. */
function orderOf(version: Compared, { target, targetUnion }: Compare): number {
  switch (target) {
    case CompareTarget.VERSION:
      return orderOfNumbers(
        BigInt(version.version),
        targetUnion.oneofKind === "version" ? targetUnion.version : 0n,
      );
    case CompareTarget.CREATE:
      return orderOfNumbers(
        BigInt(version.createRevision),
        targetUnion.oneofKind === "createRevision" ? targetUnion.createRevision : 0n,
      );
    case CompareTarget.MOD:
      return orderOfNumbers(
        BigInt(version.modRevision),
        targetUnion.oneofKind === "modRevision" ? targetUnion.modRevision : 0n,
      );
    case CompareTarget.LEASE:
      return orderOfNumbers(version.lease, targetUnion.oneofKind === "lease" ? targetUnion.lease : 0n);
    default:
      // etcd compares nothing for a target that it does not know.
      return 0;
  }
}

function valueIn({ targetUnion }: Compare): Uint8Array {
  return targetUnion.oneofKind === "value" ? targetUnion.value : EMPTY;
}

function orderOfNumbers(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function isResult(result: etcdserverpb.Compare_CompareResult, order: number): boolean {
  switch (result) {
    case CompareResult.EQUAL:
      return order === 0;
    case CompareResult.NOT_EQUAL:
      return order !== 0;
    case CompareResult.GREATER:
      return order > 0;
    case CompareResult.LESS:
      return order < 0;
    default:
      return true;
  }
}
