/** The ops of core:kvstore: what makes one void, and what one changes. Core; no I/O. */
import {
  applyWrite,
  compareHeads,
  isConflicted,
  openRegisters,
  refusalOfWrite,
  type Head,
  type RegisterChange,
} from "@lattice/kvtable";
import { bytesKey } from "@lattice/model";
import { Refusal, type Op, type StateTx } from "@lattice/store";
import type { KvOp, KvWrite } from "./gen/lattice/kvstore/v1/kvstore.ts";
import { KEY_BYTES_MAX, VALUE_BYTES_MAX } from "./limits.ts";

/** Name of the registers, and of their first table. */
export const KEYS = "keys";

/** A key whose winner, or whose conflict flag, is another than before. */
export interface KvEvent {
  readonly key: Uint8Array;
  readonly winner: Head;
  readonly conflicted: boolean;
}

/** Why an op counts for nothing; undefined where it counts. Takes untrusted input; follows from the op alone. */
export function refusalOfOp(op: Pick<Op<KvOp>, "id" | "payload">): string | undefined {
  if (op.payload.writes.length === 0) return "it writes nothing";
  for (const { key, value, supersedes } of op.payload.writes) {
    if (key.length === 0) return "a key is empty";
    if (key.length > KEY_BYTES_MAX)
      return `a key has ${key.length} bytes; at most ${KEY_BYTES_MAX} are allowed`;
    if (value !== undefined && value.length > VALUE_BYTES_MAX) {
      return `a value has ${value.length} bytes; at most ${VALUE_BYTES_MAX} are allowed`;
    }
    const refusal = refusalOfWrite({ id: op.id, supersedes });
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

export function applyOp(tx: StateTx, op: Op<KvOp>): readonly KvEvent[] {
  const refusal = refusalOfOp(op);
  if (refusal !== undefined) throw new Refusal(refusal);
  const registers = openRegisters(tx, KEYS);
  const events: KvEvent[] = [];
  for (const { key, value, supersedes } of latestWrites(op.payload.writes)) {
    const change = applyWrite(registers, key, { id: op.id, author: op.author, value, supersedes });
    if (isVisible(change)) {
      events.push({ key, winner: change.after.winner, conflicted: isConflicted(change.after) });
    }
  }
  return events;
}

/** Of several writes of one key, the last. */
export function latestWrites<Write extends Pick<KvWrite, "key">>(writes: readonly Write[]): readonly Write[] {
  if (writes.length < 2) return writes;
  return [...new Map(writes.map((write) => [bytesKey(write.key), write])).values()];
}

function isVisible({ before, after }: RegisterChange): boolean {
  if (isConflicted(before) !== isConflicted(after)) return true;
  if (before?.winner.value === undefined && after.winner.value === undefined) return false;
  return before === undefined || compareHeads(before.winner, after.winner) !== 0;
}
