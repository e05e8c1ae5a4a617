/**
 * `cluster.json`: which member of which cluster a directory belongs to. Written once, when the member is made, before anything
 * else is there.
 */
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { LatticeError } from "@lattice/model";
import { memberId, type MemberId } from "@lattice/raft";
import { idText } from "./identity.ts";

export interface MemberFile {
  readonly clusterId: number;
  readonly memberId: MemberId;
  readonly name: string;
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

export function writeMemberFile(directory: string, { clusterId, memberId: id, name }: MemberFile): void {
  const path = join(directory, NAME);
  const content = { format: FORMAT, cluster: idText(clusterId), member: idText(id), name };
  write(`${path}.new`, `${JSON.stringify(content, undefined, 2)}\n`);
  renameSync(`${path}.new`, path);
  sync(dirname(path));
}

function parse(path: string, text: string): MemberFile {
  try {
    const { format, cluster, member, name } = JSON.parse(text) as Record<string, unknown>;
    if (format !== FORMAT) throw new Error(`its format is ${String(format)}, not ${FORMAT}`);
    if (typeof name !== "string") throw new Error("it has no name");
    return { clusterId: readId(cluster), memberId: memberId(readId(member)), name };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new LatticeError("corrupt", `${path} does not say which member this is: ${why}`, { cause: error });
  }
}

function readId(value: unknown): number {
  if (typeof value !== "string" || !/^[0-9a-f]{1,12}$/.test(value)) throw new Error("it has no ids");
  return Number.parseInt(value, 16);
}

function write(path: string, text: string): void {
  const file = openSync(path, "w", 0o600);
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function sync(directory: string): void {
  const file = openSync(directory, "r");
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
