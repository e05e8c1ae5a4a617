/**
 * What a server of etcd 3.4.23 answered, request by request (`record-etcd.program.ts`): the key space gives the same bytes, the same
 * errors and the same hashes.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { EtcdError, etcdserverpb } from "@lattice/etcd-proto";
import { MemoryStorage } from "@lattice/storage";
import { KeySpace, MVCC_TABLES, type KeySpaceWriter } from "@lattice/mvcc";
import { expect, it } from "vitest";

interface Recorded {
  readonly name: string;
  /** Messages in base64. */
  readonly request: string;
  readonly response?: string;
  readonly error?: readonly [code: number, text: string];
}

/** What services refuse before the key space is asked. */
const CHECKED_BEFORE = new Set([
  "etcdserver: duplicate key given in txn request",
  "etcdserver: value is provided",
  "etcdserver: lease is provided",
]);

it("answers as etcd did", () => {
  const file = join(import.meta.dirname, "vectors/etcd-3.4.jsonl");
  const recorded = readFileSync(file, "utf8").trimEnd().split("\n");
  const storage = new MemoryStorage({ tables: MVCC_TABLES });
  const keySpace = new KeySpace((name) => storage.table(name));
  let count = 0;
  for (const [index, line] of recorded.entries()) {
    const { name, request, response, error } = JSON.parse(line) as Recorded;
    if (error !== undefined && CHECKED_BEFORE.has(error[1])) continue;
    const answer = storage.transaction((table) =>
      keySpace.write(table, (writer) => {
        const given = answerTo(writer, keySpace, name, Buffer.from(request, "base64"));
        writer.sweep(3);
        return given;
      }),
    );
    const expected = error ?? response;
    expect({ index, name, answer }).toEqual({ index, name, answer: expected });
    count += 1;
  }
  expect(count).toBeGreaterThan(1_500);
});

function answerTo(
  writer: KeySpaceWriter,
  keySpace: KeySpace,
  name: string,
  request: Uint8Array,
): string | readonly [number, string] {
  switch (name) {
    case "Put":
      return encoded(etcdserverpb.PutResponse, writer.put(etcdserverpb.PutRequest.fromBinary(request)));
    case "DeleteRange":
      return encoded(
        etcdserverpb.DeleteRangeResponse,
        writer.deleteRange(etcdserverpb.DeleteRangeRequest.fromBinary(request)),
      );
    case "Txn":
      return encoded(etcdserverpb.TxnResponse, writer.txn(etcdserverpb.TxnRequest.fromBinary(request)));
    case "Compact":
      return encoded(
        etcdserverpb.CompactionResponse,
        writer.compact(etcdserverpb.CompactionRequest.fromBinary(request)),
      );
    case "LeaseGrant":
      return encoded(
        etcdserverpb.LeaseGrantResponse,
        writer.grantLease(etcdserverpb.LeaseGrantRequest.fromBinary(request)),
      );
    case "LeaseRevoke":
      return encoded(
        etcdserverpb.LeaseRevokeResponse,
        writer.revokeLease(etcdserverpb.LeaseRevokeRequest.fromBinary(request)),
      );
    case "Range":
      return encoded(
        etcdserverpb.RangeResponse,
        keySpace.range(etcdserverpb.RangeRequest.fromBinary(request)),
      );
    case "HashKV": {
      const { revision } = etcdserverpb.HashKVRequest.fromBinary(request);
      const found = keySpace.hash(Number(revision));
      if (found instanceof EtcdError) return [found.code, found.message];
      return encoded(etcdserverpb.HashKVResponse, {
        header: { clusterId: 0n, memberId: 0n, revision: BigInt(keySpace.revision), raftTerm: 0n },
        hash: found.hash,
        compactRevision: BigInt(found.compactRevision),
        hashRevision: 0n,
      });
    }
    default:
      throw new Error(`no such request: ${name}`);
  }
}

function encoded<T extends object>(
  type: { toBinary(message: T): Uint8Array },
  answer: T | EtcdError,
): string | readonly [number, string] {
  if (answer instanceof EtcdError) return [answer.code, answer.message];
  return Buffer.from(type.toBinary(answer)).toString("base64");
}
