/**
 * What is proposed of stores: that there be one, or an op of one.
 *
 * An op says what it stands on: how many ops its command had seen. Where there are others by then, it is not applied, and the
 * command is run anew.
 */
import { LatticeError, u64be, utf8, type Hlc, type PubKey } from "@lattice/model";
import { PackReader, PackWriter } from "@lattice/raft";

export interface CreateStore {
  readonly kind: "create";
  readonly name: string;
  readonly type: string;
  /** 16 bytes that the proposer drew. */
  readonly id: Uint8Array;
  readonly schema: number;
}

export interface StoreOp {
  readonly kind: "op";
  /** The store's name. */
  readonly store: string;
  /** The place that it is made for, from 1 on. */
  readonly seq: number;
  readonly author: PubKey;
  readonly timestamp: Hlc;
  readonly schema: number;
  readonly payload: Uint8Array;
}

export type StoreRequest = CreateStore | StoreOp;

const CREATE = 1;
const OP = 2;

export function encodeStoreRequest(request: StoreRequest): Uint8Array {
  const writer = new PackWriter();
  if (request.kind === "create") {
    writer.uint(CREATE);
    writer.bin(utf8(request.name));
    writer.bin(utf8(request.type));
    writer.bin(request.id);
    writer.uint(request.schema);
  } else {
    writer.uint(OP);
    writer.bin(utf8(request.store));
    writer.uint(request.seq);
    writer.bin(request.author);
    writer.bin(u64be(request.timestamp));
    writer.uint(request.schema);
    writer.bin(request.payload);
  }
  return writer.written;
}

/** Throws `corrupt`. */
export function decodeStoreRequest(bytes: Uint8Array): StoreRequest {
  const reader = new PackReader(bytes);
  switch (reader.uint()) {
    case CREATE:
      return {
        kind: "create",
        name: text(reader),
        type: text(reader),
        id: reader.bin(),
        schema: reader.uint(),
      };
    case OP:
      return {
        kind: "op",
        store: text(reader),
        seq: reader.uint(),
        author: reader.bin() as PubKey,
        timestamp: Buffer.from(reader.bin()).readBigUInt64BE() as Hlc,
        schema: reader.uint(),
        payload: reader.bin(),
      };
    default:
      throw new LatticeError("corrupt", "a request of a store that is none");
  }
}

function text(reader: PackReader): string {
  return Buffer.from(reader.bin()).toString("utf8");
}

/** What became of it. */
export type StoreOutcome =
  | { readonly kind: "created" }
  | { readonly kind: "applied" }
  /** Others came first: the store has `seq` ops. */
  | { readonly kind: "overtaken"; readonly seq: number }
  | { readonly kind: "no-such-store" };
