/**
 * Where a member's log is damaged, it may have forgotten what it promised, and is not a member any more: it asks the others to take
 * a new one in its place, which begins with nothing. What is damaged is kept aside, for whoever wants to look at it.
 */
import { randomBytes } from "node:crypto";
import { existsSync, renameSync } from "node:fs";
import { join } from "node:path";
import { LatticeError } from "@lattice/model";
import type { LogIndex } from "@lattice/raft";
import { introduce } from "@lattice/raft-net";
import { askToReplace, systemMonotonicClock } from "@lattice/raft-node";
import { syncDirectory } from "../disk/durable.ts";
import { ASK_MS, REPLACE_TIMEOUT_MS } from "../limits.ts";
import { encodeMember, type MemberRow } from "../machine/member-rows.ts";
import type { Seat } from "./claim-directory.ts";
import { askForCluster } from "./cluster-description.ts";
import { addedMemberId, idText } from "./identity.ts";
import { writeMemberFile } from "./member-file.ts";
import type { ClusterMemberOptions } from "./options.ts";
import { parsePeerUrl } from "./peer-url.ts";

export interface Damage {
  readonly options: ClusterMemberOptions;
  readonly seat: Seat;
  /** What is wrong with the log, and where. */
  readonly error: LatticeError;
  /** As far as this member knew. */
  readonly members: readonly MemberRow[];
}

/**
 * Gives the new member's seat. Rejects with `corrupt` where there is nobody to ask, or nobody who could do it answers in time. What
 * was begun goes on when it is called again, also by a later process.
 */
export async function replaceDamaged({ options, seat, error, members }: Damage): Promise<Seat> {
  const { dataDirectory, name, log = () => {} } = options;
  const { clusterId, memberId: replaced, known, isFirst } = seat;
  const own = members.find(({ id }) => id === replaced);
  const others = members.filter(({ id }) => id !== replaced);
  if (own === undefined || others.length === 0) throw error;
  const salt = randomBytes(8).toString("hex");
  const replacedBy = seat.replacedBy ?? addedMemberId(clusterId, own.peerUrls, salt);
  const old = {
    clusterId,
    memberId: replaced,
    name,
    isFirst,
    known: { asOf: known.asOf, rows: members },
    replacedBy,
  };
  // First, so that the cluster is not asked for another one after a crash.
  writeMemberFile(dataDirectory, old);
  log(
    "error",
    `${error.message}; the cluster is asked to take a new member in the place of ${idText(replaced)}`,
  );
  const row = { ...own, id: replacedBy, name: "", clientUrls: [] };
  await ask({ options, seat: { ...seat, replacedBy }, error, members: others }, row);
  setAside(dataDirectory, idText(replaced));
  const file = {
    ...{ clusterId, memberId: replacedBy, name, isFirst: false },
    known: { asOf: await takenInBy(others, options, known.asOf), rows: [...others, row] },
  };
  writeMemberFile(dataDirectory, file);
  const kept = join(dataDirectory, `damaged-${idText(replaced)}-*`);
  log("warn", `goes on as the new member ${idText(replacedBy)}; what was damaged is kept as ${kept}`);
  return { ...file, bootstrap: undefined };
}

async function ask({ options, seat, error, members }: Damage, row: MemberRow): Promise<void> {
  const signal = AbortSignal.timeout(REPLACE_TIMEOUT_MS);
  const addresses = members.flatMap(({ peerUrls }) => peerUrls).map(parsePeerUrl);
  const credentials = options.peer.tls;
  try {
    await askToReplace({
      cluster: seat.clusterId,
      replaced: seat.memberId,
      by: row.id,
      note: encodeMember(row),
      members: addresses
        .filter((address) => address !== undefined)
        .map((address) => (method, request) => introduce(address, credentials, { method, request, signal })),
      clock: systemMonotonicClock,
      signal,
    });
  } catch (reason) {
    const why = LatticeError.from(reason).message;
    const text = `${error.message}; the other members did not take a new one in its place: ${why}`;
    throw new LatticeError("corrupt", text, { details: error.details, cause: reason });
  }
}

/** An entry by which the new member is one, so that nobody who is behind it can tell it that it is none. */
async function takenInBy(
  others: readonly MemberRow[],
  { peer }: ClusterMemberOptions,
  before: LogIndex,
): Promise<LogIndex> {
  const urls = others.flatMap(({ peerUrls }) => peerUrls);
  const asked = askForCluster(urls, { credentials: peer.tls, timeoutMs: ASK_MS });
  const described = await asked.catch(() => undefined);
  return described?.asOf ?? before;
}

function setAside(directory: string, name: string): void {
  for (const part of ["log", "state", "snapshot"]) {
    const path = join(directory, part);
    if (existsSync(path)) renameSync(path, join(directory, `damaged-${name}-${part}`));
  }
  syncDirectory(directory);
}
