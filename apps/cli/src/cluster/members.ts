/** Who takes part. */
import type { ClusterClient } from "@lattice/cluster/client";
import { etcdserverpb } from "@lattice/etcd-proto";
import { LatticeError } from "@lattice/model";
import type { CommandArguments } from "../commands/command.ts";
import type { Context } from "../context.ts";
import { alignRows } from "../print/table.ts";
import { escapeText } from "../print/text.ts";
import { openClient, withCluster, type ClusterCall } from "./client.ts";
import { tellingErrors } from "./errors.ts";
import { showMessage } from "./keys.ts";
import { askMembers, type AskedMember } from "./status.ts";
import { idText } from "./words.ts";

type Member = etcdserverpb.Member;

export function list(context: Context, args: CommandArguments): Promise<void> {
  return withCluster(context, args, async ({ client, options }) => {
    const response = await client.cluster.memberList({ linearizable: true }, options);
    showMessage(context.output, etcdserverpb.MemberListResponse, response, () =>
      memberLines(response.members),
    );
  });
}

export function add(context: Context, args: CommandArguments): Promise<void> {
  return withCluster(context, args, async ({ client, options }) => {
    const request = { peerURLs: [urlOf(args.text("peer"))], isLearner: args.has("learner") };
    const response = await client.cluster.memberAdd(request, options);
    showMessage(context.output, etcdserverpb.MemberAddResponse, response, () => [
      idText(response.member!.id),
    ]);
    const others = response.members
      .filter(({ id }) => id !== response.member!.id)
      .flatMap(({ peerURLs }) => peerURLs);
    const join = others.map((url) => url.replace(/^\w+:\/\//, "")).join(",");
    context.output.note(
      `start it with: lattice cluster start --name … --data … --peer ${args.text("peer")} --join ${join}`,
    );
  });
}

export function promote(context: Context, args: CommandArguments): Promise<void> {
  return withCluster(context, args, async (call) => {
    const id = await findMember(call, args.text("member"));
    const response = await call.client.cluster.memberPromote({ id }, call.options);
    showMessage(context.output, etcdserverpb.MemberPromoteResponse, response, () => []);
  });
}

export function remove(context: Context, args: CommandArguments): Promise<void> {
  return withCluster(context, args, async (call) => {
    const id = await findMember(call, args.text("member"));
    const response = await call.client.cluster.memberRemove({ id }, call.options);
    showMessage(context.output, etcdserverpb.MemberRemoveResponse, response, () => []);
  });
}

export function update(context: Context, args: CommandArguments): Promise<void> {
  return withCluster(context, args, async (call) => {
    const id = await findMember(call, args.text("member"));
    const peerURLs = [urlOf(args.text("peer"))];
    const response = await call.client.cluster.memberUpdate({ id, peerURLs }, call.options);
    showMessage(context.output, etcdserverpb.MemberUpdateResponse, response, () => []);
  });
}

export function transferLeader(context: Context, args: CommandArguments): Promise<void> {
  return withCluster(context, args, async (call) => {
    const asked = await askMembers(context, args, call);
    const leader = asked.find(({ status, member }) => status !== undefined && status.leader === member.id);
    if (leader === undefined) throw new LatticeError("unavailable", "no member leads; see: cluster status");
    const name = args.maybeText("member");
    const target = name === undefined ? bestOther(asked, leader) : await findMember(call, name);
    if (target === leader.member.id) throw new LatticeError("failed-precondition", `${name} leads already`);
    const client = await openClient(context, args, [leader.endpoint!]);
    try {
      await tellingErrors(() => client.maintenance.moveLeader({ targetID: target }, call.options));
    } finally {
      await client.close();
    }
    const found = asked.find(({ member }) => member.id === target);
    if (context.output.json) context.output.document({ leader: idText(target) });
    else context.output.line(`${idText(target)}  ${escapeText(found?.member.name ?? "")}`.trimEnd());
  });
}

/** Who has most of the log takes over soonest. */
function bestOther(asked: readonly AskedMember[], leader: AskedMember): bigint {
  const others = asked
    .filter((each) => each !== leader && each.status !== undefined && !each.member.isLearner)
    .toSorted((a, b) => Number(b.status!.raftIndex - a.status!.raftIndex));
  if (others.length === 0)
    throw new LatticeError("failed-precondition", "no other member can be reached that could lead");
  return others[0]!.member.id;
}

/** By its name, or its id in hex. */
async function findMember({ client, options }: ClusterCall, word: string): Promise<bigint> {
  const members = await membersOf(client, options.signal);
  const found = members.filter(({ id, name }) => name === word || idText(id) === word.toLowerCase());
  if (found.length === 1) return found[0]!.id;
  if (found.length > 1)
    throw new LatticeError("ambiguous", `several members are called "${word}"; say its id`);
  const known = members.map(({ id, name }) => (name === "" ? idText(id) : name)).join(", ");
  throw new LatticeError("not-found", `there is no member "${word}", only: ${known}`);
}

async function membersOf(client: ClusterClient, signal: AbortSignal): Promise<readonly Member[]> {
  return (await client.cluster.memberList({ linearizable: true }, { signal })).members;
}

function memberLines(members: readonly Member[]): string[] {
  const rows = members.map(({ id, name, peerURLs, clientURLs, isLearner }) => [
    idText(id),
    name === "" ? "-" : escapeText(name),
    peerURLs.join(","),
    clientURLs.length === 0 ? "-" : clientURLs.join(","),
    ...(isLearner ? ["(learner)"] : []),
  ]);
  return alignRows([["ID", "NAME", "PEERS", "CLIENTS"], ...rows]);
}

function urlOf(address: string): string {
  return address.includes("://") ? address : `http://${address}`;
}
