/** What Maintenance says of a member, and does with its state as a whole. */
import { setImmediate as nextTurn } from "node:timers/promises";
import { crc32 } from "node:zlib";
import { etcdserverpb, EtcdError, EtcdErrors } from "@lattice/etcd-proto";
import { NOBODY } from "@lattice/raft";
import type { Snapshot } from "../services/maintenance-service.ts";
import type { ClusterMemberCore } from "./cluster-member.ts";

/** That of etcd whose API is spoken: clients ask for it to know what they may use. */
const ETCD_VERSION = "3.4.23";

const ALARM_NAMES: Readonly<Record<number, string>> = etcdserverpb.AlarmType;

export function statusOf(member: ClusterMemberCore): Omit<etcdserverpb.StatusResponse, "header"> {
  const { size } = member;
  size.measure();
  const { leader, term, commit, applied } = member.status();
  const errors = member.machine.alarms.map(
    ({ memberID, alarm }) => `memberID:${memberID} alarm:${ALARM_NAMES[alarm]} `,
  );
  if (leader === NOBODY) errors.unshift(EtcdErrors.noLeader[1]);
  return {
    version: ETCD_VERSION,
    dbSize: BigInt(size.fileBytes),
    dbSizeInUse: BigInt(size.usedBytes),
    leader: BigInt(leader),
    raftIndex: BigInt(commit),
    raftTerm: BigInt(term),
    raftAppliedIndex: BigInt(applied),
    errors,
    isLearner: member.isLearner,
  };
}

export async function defragment({ machine, size }: ClusterMemberCore): Promise<void> {
  await machine.defragment();
  size.measure();
}

export async function hashState({ machine }: ClusterMemberCore): Promise<number> {
  await machine.checkpoint();
  await using view = machine.view();
  let hash = 0;
  for await (const piece of view.pieces()) {
    hash = crc32(piece, hash);
    await nextTurn();
  }
  return hash;
}

export async function hashKeys({ machine }: ClusterMemberCore, revision: bigint) {
  const steps = machine.keys.hashInSteps(Number(revision));
  for (;;) {
    const { done, value } = steps.next();
    if (done !== true) await nextTurn();
    else if (value instanceof EtcdError) throw value;
    else return { hash: value.hash, compactRevision: value.compactRevision, hashRevision: value.revision };
  }
}

export async function openSnapshot({ machine, size }: ClusterMemberCore): Promise<Snapshot> {
  await machine.checkpoint();
  const view = machine.view();
  return {
    sizeBytes: size.usedBytes,
    pieces: () => view.pieces(),
    [Symbol.asyncDispose]: () => view[Symbol.asyncDispose](),
  };
}
