/** The body of a request that writes down what is left of leases: a list of `[id, seconds]`, the id in 8 bytes. */
import { readU64be, u64be } from "@lattice/model";
import { PackReader, PackWriter } from "@lattice/raft";
import type { LeaseCheckpoint } from "../lease/lessor.ts";

export function encodeLeaseCheckpoints(checkpoints: readonly LeaseCheckpoint[]): Uint8Array {
  const writer = new PackWriter();
  writer.array(checkpoints.length);
  for (const { id, remainingSeconds } of checkpoints) {
    writer.bin(u64be(BigInt.asUintN(64, id)));
    writer.uint(remainingSeconds);
  }
  return writer.written;
}

export function decodeLeaseCheckpoints(body: Uint8Array): LeaseCheckpoint[] {
  const reader = new PackReader(body);
  const checkpoints: LeaseCheckpoint[] = [];
  for (let left = reader.array(); left > 0; left--) {
    checkpoints.push({ id: BigInt.asIntN(64, readU64be(reader.bin())), remainingSeconds: reader.uint() });
  }
  return checkpoints;
}
