/**
 * `cluster.json`: which member of which cluster a directory belongs to. Written when the member is made, before anything else is
 * there; and anew only where a damaged member is replaced.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { LatticeError, utf8 } from "@lattice/model";
import { logIndex, memberId, type LogIndex, type MemberId } from "@lattice/raft";
import { renameDurably, writeFileDurably } from "../disk/durable.ts";
import type { MemberRow } from "../machine/member-rows.ts";
import { idText } from "./identity.ts";

/** Whom a member can speak with before its own state says so. */
export interface KnownMembers {
  /** The state knows as much once it has come this far. */
  readonly asOf: LogIndex;
  readonly rows: readonly MemberRow[];
}

export interface MemberFile {
  readonly clusterId: number;
  readonly memberId: MemberId;
  readonly name: string;
  /** One of those that the cluster began with. */
  readonly isFirst: boolean;
  readonly known: KnownMembers;
  /** Its log is damaged, and the cluster has been asked to take this one in its place. */
  readonly replacedBy?: MemberId | undefined;
}

const FORMAT = 1;
const NAME = "cluster.json";

/** Undefined where there is none: the directory is new. Throws `corrupt`. */
export function readMemberFile(directory: string): MemberFile | undefined {
  const path = join(directory, NAME);
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw LatticeError.from(error);
  }
  return parse(path, text);
}

export function writeMemberFile(directory: string, file: MemberFile): void {
  const path = join(directory, NAME);
  const { clusterId, memberId: id, name, isFirst, known, replacedBy } = file;
  const members = known.rows.map((row) => ({
    id: idText(row.id),
    isLearner: row.isLearner,
    name: row.name,
    peerUrls: row.peerUrls,
  }));
  const content = {
    format: FORMAT,
    cluster: idText(clusterId),
    member: idText(id),
    name,
    isFirst,
    known: { asOf: known.asOf, members },
    replacedBy: replacedBy && idText(replacedBy),
  };
  writeFileDurably(`${path}.new`, utf8(`${JSON.stringify(content, undefined, 2)}\n`));
  renameDurably(`${path}.new`, path);
}

function parse(path: string, text: string): MemberFile {
  try {
    const { format, cluster, member, name, isFirst, known, replacedBy } = JSON.parse(text) as MemberJson;
    if (format !== FORMAT) throw new Error(`its format is ${String(format)}, not ${FORMAT}`);
    if (typeof name !== "string") throw new Error("it has no name");
    return {
      clusterId: readId(cluster),
      memberId: memberId(readId(member)),
      name,
      isFirst: isFirst === true,
      known: { asOf: logIndex(known.asOf), rows: known.members.map(readRow) },
      replacedBy: replacedBy === undefined ? undefined : memberId(readId(replacedBy)),
    };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new LatticeError("corrupt", `${path} does not say which member this is: ${why}`, { cause: error });
  }
}

interface MemberJson {
  readonly format: unknown;
  readonly cluster: unknown;
  readonly member: unknown;
  readonly name: unknown;
  readonly isFirst: unknown;
  readonly known: { readonly asOf: number; readonly members: readonly KnownJson[] };
  readonly replacedBy?: unknown;
}

interface KnownJson {
  readonly id: string;
  readonly isLearner: boolean;
  readonly name: string;
  readonly peerUrls: readonly string[];
}

function readRow({ id, isLearner, name, peerUrls }: KnownJson): MemberRow {
  return { id: memberId(readId(id)), isLearner, name, peerUrls, clientUrls: [] };
}

function readId(value: unknown): number {
  if (typeof value !== "string" || !/^[0-9a-f]{1,12}$/.test(value)) throw new Error("it has no ids");
  return Number.parseInt(value, 16);
}
