/**
 * The data directory of a member of a new cluster, made from a snapshot of another: the keys, leases, users and roles
 * are those of the snapshot, at its revision; members, alarms and sessions are not.
 *
 * The new member is as one that has just been sent a snapshot: its log begins behind the state, so that whoever joins
 * later is sent the state as well. All that begin with the same file and the same members are of one cluster, which is told from
 * every other by the file's checksum.
 */
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { LatticeError, u64be } from "@lattice/model";
import { KeySpace } from "@lattice/mvcc";
import { logIndex, NOBODY, term, type EntryId, type MemberId, type Membership } from "@lattice/raft";
import { openRaftLog } from "@lattice/raft-log";
import { openLmdbStorage, type Table } from "@lattice/storage";
import { ALARMS_TABLE } from "../machine/alarm-rows.ts";
import { STATE_TABLES } from "../machine/etcd-machine.ts";
import { encodeMember, MEMBERS_TABLE, type MemberRow } from "../machine/member-rows.ts";
import { META_TABLE, readApplied, writeApplied, writeMembership } from "../machine/meta-rows.ts";
import { StateDirectory } from "../machine/state-directory.ts";
import { syncDirectory } from "../disk/durable.ts";
import { firstMembers, lockDirectory } from "../member/claim-directory.ts";
import { writeMemberFile } from "../member/member-file.ts";
import type { InitialCluster } from "../member/options.ts";
import { SESSION_TABLES } from "../sessions/sessions.ts";
import { SnapshotFile } from "./snapshot-file.ts";

export interface RestoreOptions {
  /** As `snapshot save`, or etcdctl, wrote it. */
  readonly file: string;
  /** Made, or empty. */
  readonly dataDirectory: string;
  /** One of the initial members. */
  readonly name: string;
  readonly initial: InitialCluster;
}

export interface RestoredMember {
  readonly clusterId: number;
  readonly memberId: MemberId;
  /** That of the keys. */
  readonly revision: number;
}

const TOKEN_DEFAULT = "lattice-cluster";
const FIRST_TERM = term(1);
/** Behind what a new cluster begins with. */
const INDEX_MIN = 3;

/** Throws `corrupt` for a file that is damaged, `failed-precondition` for one of another program or a directory in use. */
export async function restoreSnapshot(options: RestoreOptions): Promise<RestoredMember> {
  const { file, dataDirectory, name, initial } = options;
  const snapshot = await SnapshotFile.open(file);
  const token = `${initial.token ?? TOKEN_DEFAULT} from ${snapshot.checksum}`;
  const first = firstMembers({ ...initial, token }, false);
  const own = first.rows.find((row) => row.name === name);
  if (own === undefined) {
    const names = first.rows.map((row) => row.name).join(", ");
    throw new LatticeError("failed-precondition", `"${name}" is none of the initial members: ${names}`);
  }
  requireEmpty(dataDirectory);
  const lock = lockDirectory(dataDirectory);
  try {
    const { membership } = first.bootstrap;
    const state = await writeState(join(dataDirectory, "state"), { snapshot, rows: first.rows, membership });
    await writeLog(join(dataDirectory, "log"), state.id, membership);
    // Last: with it the directory is a member's.
    const known = { asOf: state.id.index, rows: first.rows };
    writeMemberFile(dataDirectory, {
      clusterId: first.clusterId,
      memberId: own.id,
      name,
      isFirst: false,
      known,
    });
    return { clusterId: first.clusterId, memberId: own.id, revision: state.revision };
  } finally {
    lock.release();
  }
}

function requireEmpty(directory: string): void {
  if (existsSync(directory) && readdirSync(directory).length > 0) {
    throw new LatticeError(
      "failed-precondition",
      `${directory} is not empty; a restored member wants a directory of its own`,
    );
  }
}

interface NewState {
  readonly snapshot: SnapshotFile;
  readonly rows: readonly MemberRow[];
  readonly membership: Membership;
}

async function writeState(
  path: string,
  { snapshot, rows, membership }: NewState,
): Promise<{ readonly id: EntryId; readonly revision: number }> {
  const open = (file: string) =>
    openLmdbStorage({ path: file, tables: STATE_TABLES, durability: "checkpoint" });
  const directory = new StateDirectory({ directory: path, tables: STATE_TABLES, open });
  // The id is the staging's own, of which nothing is left.
  await directory.stage({ index: logIndex(INDEX_MIN), term: FIRST_TERM }, snapshot.state());
  directory.adopt();
  await using storage = directory.openCurrent();
  const index = logIndex(Math.max(INDEX_MIN, readApplied(storage.table(META_TABLE)).index));
  const id: EntryId = { index, term: FIRST_TERM };
  storage.transaction((table) => {
    for (const name of [MEMBERS_TABLE, ALARMS_TABLE, ...SESSION_TABLES]) empty(table(name));
    for (const row of rows) table(MEMBERS_TABLE).put(u64be(row.id), encodeMember(row));
    writeMembership(table(META_TABLE), membership);
    writeApplied(table(META_TABLE), id);
  });
  await storage.checkpoint();
  return { id, revision: new KeySpace((name) => storage.table(name)).revision };
}

function empty(table: Table): void {
  for (const key of Array.from(table.range(), ([each]) => each)) table.delete(key);
}

async function writeLog(path: string, id: EntryId, membership: Membership): Promise<void> {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  syncDirectory(join(path, ".."));
  await using log = await openRaftLog({ directory: path });
  await log.write({
    hardState: { term: id.term, vote: NOBODY, commit: id.index },
    snapshot: { ...id, membership, sizeBytes: 0, checksum: 0 },
  });
}
