/**
 * The header that begins every answer of etcd's API (`ResponseHeader`), as field 1 of the message that it is in. Who answers
 * never changes, and revision and term are often those of the answer before.
 */
import type { etcdserverpb } from "@lattice/etcd-proto";
import { varintBytes, writeVarint } from "@lattice/mvcc";

const FIELD_1_BYTES = 0x0a;
const CLUSTER_ID = 0x08;
const MEMBER_ID = 0x10;
const REVISION = 0x18;
const RAFT_TERM = 0x20;

export class HeaderWriter {
  readonly #clusterId: number;
  readonly #memberId: number;
  /** Cluster and member. */
  readonly #who: Uint8Array;
  #revision = -1;
  #term = -1;
  #bytes: Uint8Array = new Uint8Array();

  constructor(who: { readonly clusterId: number; readonly memberId: number }) {
    this.#clusterId = who.clusterId;
    this.#memberId = who.memberId;
    this.#who = new Uint8Array(2 + varintBytes(who.clusterId) + varintBytes(who.memberId));
    this.#who[0] = CLUSTER_ID;
    const at = writeVarint(this.#who, 1, who.clusterId);
    this.#who[at] = MEMBER_ID;
    writeVarint(this.#who, at + 1, who.memberId);
  }

  message(revision: number, term: number): etcdserverpb.ResponseHeader {
    return {
      clusterId: BigInt(this.#clusterId),
      memberId: BigInt(this.#memberId),
      revision: BigInt(revision),
      raftTerm: BigInt(term),
    };
  }

  /** Tag, length and header: what a message that has nothing else consists of. Not to be changed. */
  field(revision: number, term: number): Uint8Array {
    if (revision !== this.#revision || term !== this.#term) {
      this.#bytes = this.#encode(revision, term);
      this.#revision = revision;
      this.#term = term;
    }
    return this.#bytes;
  }

  #encode(revision: number, term: number): Uint8Array {
    // Numbers that are 0 are left out.
    const revisionLength = revision > 0 ? 1 + varintBytes(revision) : 0;
    const termLength = term > 0 ? 1 + varintBytes(term) : 0;
    const length = this.#who.length + revisionLength + termLength;
    const out = new Uint8Array(1 + varintBytes(length) + length);
    out[0] = FIELD_1_BYTES;
    let at = writeVarint(out, 1, length);
    out.set(this.#who, at);
    at += this.#who.length;
    if (revision > 0) {
      out[at] = REVISION;
      at = writeVarint(out, at + 1, revision);
    }
    if (term > 0) {
      out[at] = RAFT_TERM;
      writeVarint(out, at + 1, term);
    }
    return out;
  }
}
