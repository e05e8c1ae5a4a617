/** How the members fare: each is asked itself. */
import type { ClusterClient } from "@lattice/cluster/client";
import { EtcdErrors, etcdserverpb } from "@lattice/etcd-proto";
import { LatticeError } from "@lattice/model";
import type { CommandArguments } from "../commands/command.ts";
import type { Context } from "../context.ts";
import type { Json } from "../fields/json.ts";
import { alignRows } from "../print/table.ts";
import { escapeText } from "../print/text.ts";
import { endpointsOf, openClient, withCluster, type ClusterCall } from "./client.ts";
import { clusterError } from "./errors.ts";
import { showMessage } from "./keys.ts";
import { idText } from "./words.ts";

export interface AskedMember {
  readonly member: Pick<etcdserverpb.Member, "id" | "name" | "isLearner">;
  /** Where it answers. */
  readonly endpoint: string | undefined;
  readonly status: etcdserverpb.StatusResponse | undefined;
}

/** A member that runs answers this at once. */
const STATUS_TIMEOUT_MS = 2_000;

/** All members that the cluster has, whether they answer or not. */
export async function askMembers(
  context: Context,
  args: CommandArguments,
  call: ClusterCall,
): Promise<AskedMember[]> {
  const given = endpointsOf(context, args);
  const members = await knownMembers(call);
  const endpoints = [...new Set([...given, ...members.flatMap(({ clientURLs }) => clientURLs)])];
  const asked = await Promise.all(endpoints.map((endpoint) => askOne(context, args, endpoint)));
  const answers = asked.filter((each) => each !== undefined);
  return members.map((member) => {
    const answer = answers.find(({ status }) => status.header?.memberId === member.id);
    return { member, endpoint: answer?.endpoint, status: answer?.status };
  });
}

/** As some member knows them, also where there is no majority to ask. */
async function knownMembers({ client, options }: ClusterCall): Promise<readonly etcdserverpb.Member[]> {
  return (await client.cluster.memberList({ linearizable: false }, options)).members;
}

async function askOne(
  context: Context,
  args: CommandArguments,
  endpoint: string,
): Promise<{ readonly endpoint: string; readonly status: etcdserverpb.StatusResponse } | undefined> {
  return withOne(context, args, endpoint, async (client) => {
    const options = { signal: context.signal, timeoutMs: STATUS_TIMEOUT_MS };
    return { endpoint, status: await client.maintenance.status({}, options) };
  });
}

/** Undefined where it cannot be asked. */
async function withOne<T>(
  context: Context,
  args: CommandArguments,
  endpoint: string,
  ask: (client: ClusterClient) => Promise<T>,
): Promise<T | undefined> {
  const client = await openClient(context, args, [endpoint]);
  try {
    return await ask(client);
  } catch (error) {
    const { code } = clusterError(error);
    if (code === "unavailable" || code === "timeout") return undefined;
    throw error;
  } finally {
    await client.close();
  }
}

export function status(context: Context, args: CommandArguments): Promise<void> {
  return withCluster(context, args, async (call) => {
    const asked = await askMembers(context, args, call);
    const hashes = args.has("hash") ? await hashesOf(context, args, asked) : undefined;
    const { output } = context;
    if (output.json) output.document(asked.map((each) => statusJson(each, hashes)));
    else for (const line of statusLines(asked, hashes)) output.line(line);
    for (const each of asked)
      for (const problem of problemsOf(each)) output.note(`${nameOf(each)}: ${problem}`);
    throwIfLeaderless(asked);
    if (hashes !== undefined) throwIfDifferent(hashes);
  });
}

export function alarms(context: Context, args: CommandArguments): Promise<void> {
  const { AlarmRequest_AlarmAction: Action, AlarmType } = etcdserverpb;
  return withCluster(context, args, async ({ client, options }) => {
    const action = args.has("disarm") ? Action.DEACTIVATE : Action.GET;
    const response = await client.maintenance.alarm({ action, memberID: 0n, alarm: AlarmType.NONE }, options);
    showMessage(context.output, etcdserverpb.AlarmResponse, response, () =>
      alignRows(
        response.alarms.map(({ memberID, alarm }) => [
          idText(memberID),
          AlarmType[alarm]?.toLowerCase() ?? String(alarm),
        ]),
      ),
    );
  });
}

/** By the member's id; all at one revision that all of them have. */
type Hashes = ReadonlyMap<bigint, etcdserverpb.HashKVResponse>;

async function hashesOf(
  context: Context,
  args: CommandArguments,
  asked: readonly AskedMember[],
): Promise<Hashes> {
  const reached = asked.filter(({ status }) => status !== undefined);
  const revisions = reached.map(({ status }) => status!.header!.revision);
  const revision = revisions.reduce((least, each) => (each < least ? each : least), revisions[0] ?? 0n);
  const hashes = new Map<bigint, etcdserverpb.HashKVResponse>();
  for (const { member, endpoint } of reached) {
    const options = { signal: context.signal };
    const hash = await withOne(context, args, endpoint!, (client) =>
      client.maintenance.hashKV({ revision }, options),
    );
    if (hash !== undefined) hashes.set(member.id, hash);
  }
  return hashes;
}

function statusLines(asked: readonly AskedMember[], hashes: Hashes | undefined): string[] {
  const head = [
    "ID",
    "NAME",
    "ENDPOINT",
    "ROLE",
    "TERM",
    "INDEX",
    "APPLIED",
    "SIZE",
    ...(hashes ? ["HASH"] : []),
  ];
  const rows = asked.map(({ member, endpoint, status: found }) => {
    const name = member.name === "" ? "-" : escapeText(member.name);
    if (found === undefined) return [idText(member.id), name, "-", "does not answer"];
    const hash = hashes?.get(member.id);
    return [
      idText(member.id),
      name,
      endpoint!.replace(/^\w+:\/\//, ""),
      roleOf(member, found),
      String(found.raftTerm),
      String(found.raftIndex),
      String(found.raftAppliedIndex),
      sizeText(found.dbSize),
      ...(hashes ? [hash === undefined ? "-" : hashText(hash)] : []),
    ];
  });
  return alignRows([head, ...rows]);
}

function statusJson({ member, endpoint, status: found }: AskedMember, hashes: Hashes | undefined): Json {
  const about = { id: idText(member.id), name: member.name };
  if (found === undefined) return { ...about, answers: false };
  const hash = hashes?.get(member.id);
  return {
    ...about,
    answers: true,
    endpoint: endpoint!,
    role: roleOf(member, found),
    leader: idText(found.leader),
    term: Number(found.raftTerm),
    index: Number(found.raftIndex),
    applied: Number(found.raftAppliedIndex),
    revision: Number(found.header!.revision),
    size: Number(found.dbSize),
    version: found.version,
    ...(found.errors.length > 0 && { errors: found.errors }),
    ...(hash !== undefined && { hash: hashText(hash) }),
  };
}

function roleOf({ id, isLearner }: AskedMember["member"], { leader }: etcdserverpb.StatusResponse): string {
  if (isLearner) return "learner";
  if (leader === 0n) return "no leader";
  return leader === id ? "leader" : "follower";
}

function hashText({ hash }: etcdserverpb.HashKVResponse): string {
  return (hash >>> 0).toString(16).padStart(8, "0");
}

/** That nobody leads is said of all of them. */
function problemsOf({ status: found }: AskedMember): readonly string[] {
  return (found?.errors ?? []).filter((text) => text !== EtcdErrors.noLeader[1]);
}

function nameOf({ member }: AskedMember): string {
  return member.name === "" ? idText(member.id) : member.name;
}

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];

function sizeText(bytes: bigint): string {
  let size = Number(bytes);
  let unit = 0;
  for (; size >= 1024 && unit < UNITS.length - 1; unit++) size /= 1024;
  return `${unit === 0 ? size : size.toFixed(1)} ${UNITS[unit]}`;
}

function throwIfLeaderless(asked: readonly AskedMember[]): void {
  if (asked.some(({ status }) => status !== undefined && status.leader !== 0n)) return;
  const answering = asked.filter(({ status }) => status !== undefined).length;
  throw new LatticeError(
    "unavailable",
    `no member leads: ${answering} of ${asked.length} answer; more than half of the members must run and reach each other`,
  );
}

function throwIfDifferent(hashes: Hashes): void {
  const found = new Set(
    [...hashes.values()].map(({ hash, compactRevision }) => `${hash} ${compactRevision}`),
  );
  const compacted = new Set([...hashes.values()].map(({ compactRevision }) => compactRevision));
  if (found.size > 1 && compacted.size === 1)
    throw new LatticeError("corrupt", "the members hold different keys");
}
