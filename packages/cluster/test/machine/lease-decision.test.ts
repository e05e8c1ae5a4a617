import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { etcdserverpb, EtcdError } from "@lattice/etcd-proto";
import { logIndex, term } from "@lattice/raft";
import { openLmdbStorage } from "@lattice/storage";
import { expect, onTestFinished, test } from "vitest";
import { EtcdMachine, STATE_TABLES } from "../../src/machine/etcd-machine.ts";
import {
  decodeLeaseCheckpoints,
  decodeLeaseExpiry,
  encodeLeaseCheckpoints,
  encodeLeaseExpiry,
} from "../../src/machine/lease-decision.ts";
import type { Outcome } from "../../src/machine/outcome.ts";
import { encodeRequest, RequestKind } from "../../src/machine/request.ts";

function openMachine(): EtcdMachine {
  const directory = mkdtempSync(join(tmpdir(), "lattice-"));
  const machine = new EtcdMachine({
    directory,
    openStorage: (path) => openLmdbStorage({ path, tables: STATE_TABLES, durability: "checkpoint" }),
    nowMs: () => 0,
  });
  onTestFinished(async () => {
    await machine.close();
    rmSync(directory, { recursive: true });
  });
  return machine;
}

let index = 0;

/** As an entry of that term. */
function apply(machine: EtcdMachine, of: number, kind: RequestKind, body: Uint8Array): Outcome {
  const request = encodeRequest({ kind, body, user: undefined, session: undefined });
  const id = { index: logIndex(++index), term: term(of) };
  return machine.apply([{ kind: "requests", id, requests: [request] }])[0]![0]!;
}

const grant = (id: bigint): Uint8Array => etcdserverpb.LeaseGrantRequest.toBinary({ id, ttl: 600n });

test("what a leader decided of leases does not count in the term of another one", () => {
  const machine = openMachine();
  apply(machine, 4, RequestKind.LEASE_GRANT, grant(7n));
  const expiry = encodeLeaseExpiry({ term: term(4), id: 7n });
  const checkpoints = encodeLeaseCheckpoints({
    term: term(4),
    checkpoints: [{ id: 7n, remainingSeconds: 9 }],
  });
  for (const [kind, body] of [
    [RequestKind.LEASE_EXPIRE, expiry],
    [RequestKind.LEASE_CHECKPOINT, checkpoints],
  ] as const) {
    expect(apply(machine, 5, kind, body)).toBeInstanceOf(EtcdError);
    expect([...machine.keys.leases()]).toMatchObject([{ id: 7n, remainingSeconds: 0 }]);
  }
  apply(machine, 4, RequestKind.LEASE_CHECKPOINT, checkpoints);
  expect([...machine.keys.leases()]).toMatchObject([{ id: 7n, remainingSeconds: 9 }]);
  apply(machine, 4, RequestKind.LEASE_EXPIRE, expiry);
  expect([...machine.keys.leases()]).toEqual([]);
});

test("decisions are read as they were written, whatever the id", () => {
  for (const id of [1n, -1n, 2n ** 63n - 1n, -(2n ** 63n)]) {
    const expiry = { term: term(3), id };
    expect(decodeLeaseExpiry(encodeLeaseExpiry(expiry))).toEqual(expiry);
    const some = { term: term(3), checkpoints: [{ id, remainingSeconds: 5 }] };
    expect(decodeLeaseCheckpoints(encodeLeaseCheckpoints(some))).toEqual(some);
  }
});
