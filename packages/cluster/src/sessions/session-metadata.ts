/** The session that a call belongs to, as its metadata says: `lattice-session`, 32 hex digits, and `lattice-seq`, a number from 1 on. */
import { createHash } from "node:crypto";
import { EtcdError, GrpcCode } from "@lattice/etcd-proto";
import type { Metadata } from "@lattice/grpc-front";
import { fromHex, readU64be, u64be } from "@lattice/model";
import type { RequestSession } from "../machine/request.ts";
import { SESSION_ID_BYTES } from "./limits.ts";

const ID = "lattice-session";
const SEQ = "lattice-seq";

/** Undefined: it belongs to none. Throws an `EtcdError` for what makes no sense. */
export function sessionOf(metadata: Metadata): RequestSession | undefined {
  const idText = metadata.get(ID);
  const seqText = metadata.get(SEQ);
  if (idText === undefined && seqText === undefined) return undefined;
  const id = fromHex(idText ?? "");
  if (id?.length !== SESSION_ID_BYTES) throw unfit(`${ID} is to be ${SESSION_ID_BYTES * 2} hex digits`);
  const seq = /^[1-9]\d{0,15}$/.test(seqText ?? "") ? Number(seqText) : 0;
  if (seq === 0 || !Number.isSafeInteger(seq)) throw unfit(`${SEQ} is to be a number from 1 to 2^53 - 1`);
  return { id, seq };
}

/** The lease that a request without an id is for: the same when it comes again. Above 0, as all leases. */
export function leaseIdOf({ id, seq }: RequestSession): bigint {
  const hash = createHash("sha256").update(id).update(u64be(seq)).digest();
  return readU64be(hash) >> 1n || 1n;
}

function unfit(why: string): EtcdError {
  return new EtcdError(GrpcCode.INVALID_ARGUMENT, `lattice: ${why}`);
}
