/** What a cluster says of itself to one who is about to join it: a call that members answer to anybody. */
import { LatticeError } from "@lattice/model";
import {
  logIndex,
  PackReader,
  PackWriter,
  readMembership,
  writeMembership,
  type LogIndex,
  type Membership,
} from "@lattice/raft";
import { introduce, type ClusterId, type PeerCredentials } from "@lattice/raft-net";
import { decodeMember, encodeMember, type MemberRow } from "../machine/member-rows.ts";
import { parsePeerUrl } from "./peer-url.ts";

export interface ClusterDescription {
  /** Up to which entry this is so. */
  readonly asOf: LogIndex;
  readonly membership: Membership;
  readonly rows: readonly MemberRow[];
}

export const DESCRIBE = "cluster.describe";

export function encodeDescription({ asOf, membership, rows }: ClusterDescription): Uint8Array {
  const writer = new PackWriter();
  writer.uint(asOf);
  writeMembership(writer, membership);
  writer.array(rows.length);
  for (const row of rows) writer.bin(encodeMember(row));
  return writer.written;
}

function decodeDescription(bytes: Uint8Array): ClusterDescription {
  const reader = new PackReader(bytes);
  const asOf = logIndex(reader.uint());
  const membership = readMembership(reader);
  const rows: MemberRow[] = [];
  for (let left = reader.array(); left > 0; left--) rows.push(decodeMember(reader.bin()));
  return { asOf, membership, rows };
}

export interface AskOptions {
  readonly credentials: PeerCredentials | undefined;
  readonly timeoutMs: number;
}

export interface DescribedCluster extends ClusterDescription {
  readonly cluster: ClusterId;
}

/** Of those that answer, who knows most. Rejects with `unavailable` where nobody does. */
export async function askForCluster(urls: readonly string[], options: AskOptions): Promise<DescribedCluster> {
  const answers = await Promise.allSettled(urls.map((url) => ask(url, options)));
  const described = answers.flatMap((answer) => (answer.status === "fulfilled" ? [answer.value] : []));
  const best = described.toSorted((a, b) => b.asOf - a.asOf)[0];
  if (best !== undefined) return best;
  const why = answers.flatMap((answer) =>
    answer.status === "rejected" ? [LatticeError.from(answer.reason).message] : [],
  );
  throw new LatticeError("unavailable", `no member of the cluster answers: ${why.join("; ")}`);
}

async function ask(url: string, { credentials, timeoutMs }: AskOptions): Promise<DescribedCluster> {
  const address = parsePeerUrl(url);
  if (address === undefined) throw new LatticeError("invalid-argument", `${url} is no address of a member`);
  const signal = AbortSignal.timeout(timeoutMs);
  const call = { method: DESCRIBE, request: new Uint8Array(), signal };
  const { cluster, answer } = await introduce(address, credentials, call);
  return { cluster, ...decodeDescription(answer) };
}
