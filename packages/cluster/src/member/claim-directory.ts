/**
 * Takes a data directory and finds out which member of which cluster this is: what the directory says, or, where it is new, what
 * follows from the start of the cluster or from the cluster that it joins.
 */
import { LatticeError } from "@lattice/model";
import { logIndex, membershipOf, membersOf, NO_INDEX, type MemberId } from "@lattice/raft";
import type { Bootstrap } from "@lattice/raft-node";
import { claimDirectory, type LockFile } from "@lattice/storage";
import { ASK_MS } from "../limits.ts";
import { encodeMember, type MemberRow } from "../machine/member-rows.ts";
import { encodeRequest, RequestKind } from "../machine/request.ts";
import { askForCluster, type DescribedCluster } from "./cluster-description.ts";
import { clusterIdOf, firstMemberId, idText } from "./identity.ts";
import { readMemberFile, writeMemberFile, type MemberFile } from "./member-file.ts";
import type { ClusterMemberOptions, InitialCluster } from "./options.ts";
import { readPeerUrl } from "./peer-url.ts";

export interface Seat extends MemberFile {
  readonly bootstrap: Bootstrap | undefined;
}

const TOKEN_DEFAULT = "lattice-cluster";

/** Throws `in-use`, `disk-full`, or `failed-precondition` where the directory cannot be used. */
export function lockDirectory(directory: string): LockFile {
  return claimDirectory({ directory, lock: "LOCK", whatToDo: "stop that one first" });
}

/** The directory is locked. */
export async function takeSeat(options: ClusterMemberOptions): Promise<Seat> {
  const { dataDirectory, initial, join: addresses } = options;
  const file = readMemberFile(dataDirectory);
  if (file !== undefined) return seatOf(options, file);
  if (initial !== undefined && addresses !== undefined) {
    throw unfit(
      "a member is one of the first of a cluster or joins one: --initial and --join exclude each other",
    );
  }
  if (initial !== undefined) return firstSeat(options, initial);
  if (addresses !== undefined) return joiningSeat(options, addresses);
  throw unfit(
    `${dataDirectory} is new: the members of a new cluster (--initial) or addresses of one to join (--join) are needed`,
  );
}

function seatOf(options: ClusterMemberOptions, file: MemberFile): Seat {
  const { name, initial, dataDirectory } = options;
  if (name !== file.name) {
    throw unfit(`${dataDirectory} belongs to the member "${file.name}", not "${name}": names do not change`);
  }
  if (initial === undefined) return { ...file, bootstrap: undefined };
  const first = firstMembers(initial, isTls(options));
  if (first.clusterId !== file.clusterId && file.isFirst) {
    throw unfit(
      `${dataDirectory} belongs to cluster ${idText(file.clusterId)}, and the given members make cluster ` +
        `${idText(first.clusterId)}: after its start a cluster's members are changed with "member", not with --initial`,
    );
  }
  return { ...file, bootstrap: file.isFirst ? first.bootstrap : undefined };
}

async function firstSeat(options: ClusterMemberOptions, initial: InitialCluster): Promise<Seat> {
  const { name, dataDirectory } = options;
  const { clusterId, rows, bootstrap } = firstMembers(initial, isTls(options));
  const own = rows.find((row) => row.name === name);
  if (own === undefined) throw unfit(`"${name}" is none of the initial members: ${names(rows)}`);
  const ownUrl = advertisedUrl(options);
  if (!own.peerUrls.includes(ownUrl)) {
    throw unfit(`"${name}" is ${own.peerUrls[0]} among the initial members, and is started at ${ownUrl}`);
  }
  await refuseAmnesia({ options, clusterId, rows, own });
  const file = { clusterId, memberId: own.id, name, isFirst: true, known: { asOf: NO_INDEX, rows } };
  writeMemberFile(dataDirectory, file);
  return { ...file, bootstrap };
}

/** Who has been a member and lost its directory may not begin anew as the same: it would have forgotten what it promised. */
async function refuseAmnesia(parts: {
  readonly options: ClusterMemberOptions;
  readonly clusterId: number;
  readonly rows: readonly MemberRow[];
  readonly own: MemberRow;
}): Promise<void> {
  const { options, clusterId, rows, own } = parts;
  const urls = rows.filter(({ id }) => id !== own.id).flatMap(({ peerUrls }) => peerUrls);
  if (urls.length === 0) return;
  const described = await askForCluster(urls, asking(options)).catch(() => undefined);
  if (described === undefined || described.cluster !== clusterId) return;
  const known = described.rows.find(({ id }) => id === own.id);
  const hasStarted = known === undefined ? described.asOf > logIndex(2) : known.clientUrls.length > 0;
  if (hasStarted) {
    throw unfit(
      `"${own.name}" has been a member of cluster ${idText(clusterId)} already, and ${options.dataDirectory} is empty: ` +
        `remove member ${idText(own.id)}, add it again, and start it with --join`,
    );
  }
}

async function joiningSeat(options: ClusterMemberOptions, addresses: readonly string[]): Promise<Seat> {
  const { name, dataDirectory, peer } = options;
  const urls = addresses.map((address) => readPeerUrl(address, peer.tls !== undefined));
  const described = await askForCluster(urls, asking(options));
  const own = ownRow(described, options);
  const { cluster: clusterId, asOf, rows } = described;
  const file = { clusterId, memberId: own.id, name, isFirst: false, known: { asOf, rows } };
  writeMemberFile(dataDirectory, file);
  return { ...file, bootstrap: undefined };
}

function ownRow({ cluster, membership, rows }: DescribedCluster, options: ClusterMemberOptions): MemberRow {
  const url = advertisedUrl(options);
  const own = rows.find((row) => row.peerUrls.includes(url));
  if (own === undefined || !membersOf(membership).includes(own.id)) {
    throw unfit(`cluster ${idText(cluster)} has no member at ${url}: add it there first ("member add")`);
  }
  if (own.name !== "") {
    throw unfit(
      `the member at ${url} ("${own.name}") has been started before, and ${options.dataDirectory} is empty: ` +
        `remove member ${idText(own.id)} and add it again`,
    );
  }
  return own;
}

/** Where others find this member. */
function advertisedUrl({ peer }: ClusterMemberOptions): string {
  return readPeerUrl(peer.advertise ?? `${peer.host}:${peer.port}`, peer.tls !== undefined);
}

/** Who they are, and what their log begins with: the same, whoever of them asks. */
export function firstMembers(
  { members, token = TOKEN_DEFAULT }: InitialCluster,
  areTls: boolean,
): {
  readonly clusterId: number;
  readonly rows: readonly MemberRow[];
  readonly bootstrap: Bootstrap;
} {
  const rows = Object.entries(members).map(([name, address]): MemberRow => {
    const peerUrls = address.split(/[,;]/).map((each) => readPeerUrl(each, areTls));
    return { id: firstMemberId(token, peerUrls), isLearner: false, name, peerUrls, clientUrls: [] };
  });
  if (rows.length === 0) throw unfit("a cluster has one member at least");
  const ids = rows.map(({ id }): MemberId => id).toSorted((a, b) => a - b);
  if (new Set(ids).size < ids.length) throw unfit("two of the initial members have the same address");
  const requests = rows
    .toSorted((a, b) => a.id - b.id)
    .map((row) =>
      encodeRequest({
        kind: RequestKind.MEMBER,
        user: undefined,
        session: undefined,
        body: encodeMember(row),
      }),
    );
  return { clusterId: clusterIdOf(token, ids), rows, bootstrap: { membership: membershipOf(ids), requests } };
}

function isTls({ peer }: ClusterMemberOptions): boolean {
  return peer.tls !== undefined;
}

function asking({ peer }: ClusterMemberOptions) {
  return { credentials: peer.tls, timeoutMs: ASK_MS };
}

function names(rows: readonly MemberRow[]): string {
  return rows.map(({ name }) => name).join(", ");
}

function unfit(text: string): LatticeError {
  return new LatticeError("failed-precondition", text);
}
