/**
 * What a leader decides of leases, by its clock alone. It counts only in the log of the term in which it was decided: whoever was stopped
 * for a while, and does not know yet that another one leads and has extended leases since, still hands on what it decided.
 *
 *   expiry       [term, id]
 *   checkpoints  [term, [id, seconds], …]
 *
 * An id has 8 bytes.
 */
import { readU64be, u64be } from "@lattice/model";
import { PackReader, PackWriter, term, type Term } from "@lattice/raft";
import type { LeaseCheckpoint } from "../lease/lessor.ts";

export interface LeaseExpiry {
  readonly term: Term;
  readonly id: bigint;
}

export interface LeaseCheckpoints {
  readonly term: Term;
  readonly checkpoints: readonly LeaseCheckpoint[];
}

export function encodeLeaseExpiry({ term: of, id }: LeaseExpiry): Uint8Array {
  const writer = new PackWriter();
  writer.uint(of);
  writeId(writer, id);
  return writer.written;
}

export function decodeLeaseExpiry(body: Uint8Array): LeaseExpiry {
  const reader = new PackReader(body);
  return { term: term(reader.uint()), id: readId(reader) };
}

export function encodeLeaseCheckpoints({ term: of, checkpoints }: LeaseCheckpoints): Uint8Array {
  const writer = new PackWriter();
  writer.uint(of);
  writer.array(checkpoints.length);
  for (const { id, remainingSeconds } of checkpoints) {
    writeId(writer, id);
    writer.uint(remainingSeconds);
  }
  return writer.written;
}

export function decodeLeaseCheckpoints(body: Uint8Array): LeaseCheckpoints {
  const reader = new PackReader(body);
  const of = term(reader.uint());
  const checkpoints: LeaseCheckpoint[] = [];
  for (let left = reader.array(); left > 0; left--) {
    checkpoints.push({ id: readId(reader), remainingSeconds: reader.uint() });
  }
  return { term: of, checkpoints };
}

function writeId(writer: PackWriter, id: bigint): void {
  writer.bin(u64be(BigInt.asUintN(64, id)));
}

function readId(reader: PackReader): bigint {
  return BigInt.asIntN(64, readU64be(reader.bin()));
}
