/** What is refused before it is proposed, against what a server of etcd 3.4.23 refused. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { EtcdError, EtcdErrors, etcdserverpb } from "@lattice/etcd-proto";
import { expect, it } from "vitest";
import { checkPut, checkTxn } from "../../src/services/check-kv-request.ts";

interface Recorded {
  readonly name: string;
  /** In base64. */
  readonly request: string;
  readonly error?: readonly [code: number, text: string];
}

/** All other errors depend on the keys. */
const STATIC: ReadonlySet<string> = new Set(
  (["duplicateKey", "valueProvided", "leaseProvided"] as const).map((name) => EtcdErrors[name][1]),
);

it("refuses the puts and transactions that etcd refused, and no others", () => {
  const file = join(import.meta.dirname, "../../../mvcc/test/vectors/etcd-3.4.jsonl");
  const recorded = readFileSync(file, "utf8").trimEnd().split("\n");
  let refusedCount = 0;
  for (const [index, line] of recorded.entries()) {
    const { name, request, error } = JSON.parse(line) as Recorded;
    const expected = error !== undefined && STATIC.has(error[1]) ? error[1] : undefined;
    const bytes = Buffer.from(request, "base64");
    const found = refusal(() => {
      if (name === "Put") checkPut(etcdserverpb.PutRequest.fromBinary(bytes));
      if (name === "Txn") checkTxn(etcdserverpb.TxnRequest.fromBinary(bytes));
    });
    expect({ index, found }).toEqual({ index, found: expected });
    if (expected !== undefined) refusedCount += 1;
  }
  expect(refusedCount).toBeGreaterThan(50);
});

function refusal(check: () => void): string | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(EtcdError);
    return (error as EtcdError).message;
  }
}
