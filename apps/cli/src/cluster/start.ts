/** `lattice cluster start`: a member of a cluster until somebody says stop, or the cluster goes on without it. */
import { setFlagsFromString } from "node:v8";
import type { ClusterMember, ClusterMemberOptions, Log } from "@lattice/cluster";
import { LatticeError } from "@lattice/model";
import type { CommandArguments } from "../commands/command.ts";
import type { Context } from "../context.ts";
import { ToldError, UsageError } from "../errors.ts";
import { parseListenAddress } from "../invocation.ts";
import { oneLine } from "../print/text.ts";
import { aborted } from "../signals.ts";
import { readPem } from "./client.ts";
import { listOf } from "./endpoint-words.ts";
import { wholeNumber } from "./words.ts";

const CLIENT_DEFAULT = "127.0.0.1:2379";
const PEER_DEFAULT = "127.0.0.1:2380";

export async function startMember(context: Context, args: CommandArguments): Promise<void> {
  if (context.session.options.mode !== "one-shot") {
    throw new UsageError("cluster start is a command of its own, for the shell: lattice cluster start …");
  }
  const told = new Set<string>();
  try {
    await runMember(context, { ...memberOptions(context, args, told), ...(await storesOf(args)) });
  } catch (error) {
    const fault = LatticeError.from(error);
    throw told.has(oneLine(fault.message)) ? new ToldError(fault) : error;
  }
}

async function runMember(context: Context, options: ClusterMemberOptions): Promise<void> {
  keepHeapSmall();
  const { startClusterMember } = await import("@lattice/cluster");
  const member = await startClusterMember(options);
  announce(context, member, options);
  await Promise.race([member.ended, aborted(context.signal)]);
  if (context.signal.aborted) await member.stop({ transfer: true });
  const { reason, message, error } = await member.ended;
  if (reason === "removed") {
    throw new LatticeError("failed-precondition", `this member was removed from its cluster: ${message}`);
  }
  if (reason === "failed") throw error ?? new LatticeError("internal", message);
}

/**
 * What V8 sets aside for young objects grows up to 32 MiB, once much is written, and is not given back. A member makes much
 * garbage and keeps little of it; with less room it is collected more often, and costs the same.
 */
function keepHeapSmall(): void {
  setFlagsFromString("--semi-space-growth-factor=1");
}

function announce(
  { output }: Context,
  member: ClusterMember,
  { client, peer, dataDirectory }: ClusterMemberOptions,
): void {
  const { name, ports } = member;
  const [id, cluster] = [member.id.toString(16), member.clusterId.toString(16)];
  const [clients, peers] = [addressText(client.host, ports.client), addressText(peer.host, ports.peer)];
  if (output.json)
    output.document({ member: id, name, cluster, client: clients, peer: peers, data: dataDirectory });
  else
    output.line(
      `lattice: member ${name} (${id}) of cluster ${cluster} serves clients at ${clients}, members at ${peers}`,
    );
}

/** `told` takes the errors that the member itself has told of. */
function memberOptions(context: Context, args: CommandArguments, told: Set<string>): ClusterMemberOptions {
  const name = args.value("name");
  const dataDirectory = args.value("data");
  if (name === undefined) throw new UsageError("--name is missing: what this member is called");
  if (dataDirectory === undefined) throw new UsageError("--data is missing: the directory of this member");
  const initial = args.value("initial");
  const join = args.value("join");
  const snapshotCount = numberOf(args, "snapshot-count");
  const advertisePeer = args.value("advertise-peer");
  return {
    name,
    dataDirectory,
    client: clientEndpoint(args),
    peer: {
      ...hostAndPort(args.value("peer") ?? PEER_DEFAULT),
      advertise: advertisePeer,
      tls: peerTls(args),
    },
    initial: initial === undefined ? undefined : { members: membersOf(initial), token: args.value("token") },
    join: join === undefined ? undefined : listOf(join),
    snapshotCount,
    quotaBytes: numberOf(args, "quota-backend-bytes"),
    electionTimeoutMs: numberOf(args, "election-timeout"),
    heartbeatMs: numberOf(args, "heartbeat-interval"),
    frontKind: frontKind(args),
    log: logTo(context, told),
  };
}

function frontKind(args: CommandArguments): ClusterMemberOptions["frontKind"] {
  const kind = args.value("front");
  if (kind === undefined || kind === "own" || kind === "native") return kind;
  throw new UsageError(`--front: there is no "${kind}"; say own or native`);
}

/** Loads types where there is a word of them. */
async function storesOf(
  args: CommandArguments,
): Promise<Pick<ClusterMemberOptions, "storeTypes" | "stores">> {
  const [wanted, modules] = [args.values("store"), args.values("types")];
  if (wanted.length + modules.length === 0) return {};
  const { loadStoreTypes, shippedStoreTypes } = await import("@lattice/runtime/offered-types");
  const storeTypes = [...shippedStoreTypes, ...(await loadStoreTypes(modules))];
  return { storeTypes, stores: Object.fromEntries(wanted.map(storeOf)) };
}

/** Its name is that of the type, unless it has another. */
function storeOf(text: string): readonly [name: string, type: string] {
  const [, given, type] = /^(?:([^=]+)=)?([a-z0-9-]+:[a-z0-9-]+)$/.exec(text) ?? [];
  if (type === undefined)
    throw new UsageError(`--store: "${text}" is no type, which is written NAMESPACE:NAME`);
  return [given ?? type.slice(type.indexOf(":") + 1), type];
}

function clientEndpoint(args: CommandArguments): ClusterMemberOptions["client"] {
  const listen = hostAndPort(args.value("client") ?? CLIENT_DEFAULT);
  const tls = clientTls(args);
  const advertise = args.value("advertise-client");
  const scheme = tls === undefined ? "http" : "https";
  const own = `${scheme}://${addressText(listen.host, listen.port)}`;
  return { ...listen, tls, advertise: advertise === undefined ? [own] : listOf(advertise) };
}

/** `NAME=HOST:PORT,…`; a member with several addresses comes several times. */
export function membersOf(text: string): Readonly<Record<string, string>> {
  const addressesByName = new Map<string, string[]>();
  for (const part of listOf(text)) {
    const at = part.indexOf("=");
    if (at < 1) throw new UsageError(`--initial: "${part}" is not of the form NAME=HOST:PORT`);
    const name = part.slice(0, at);
    addressesByName.set(name, [...(addressesByName.get(name) ?? []), part.slice(at + 1)]);
  }
  return Object.fromEntries([...addressesByName].map(([name, addresses]) => [name, addresses.join(",")]));
}

/** As etcd takes them: with `http://` before them or without. */
function hostAndPort(text: string): { readonly host: string; readonly port: number } {
  const { host, port } = parseListenAddress(text.replace(/^https?:\/\//, ""));
  if (port === undefined) throw new UsageError(`"${text}" has no port; write HOST:PORT`);
  return { host, port };
}

function numberOf(args: CommandArguments, flag: string): number | undefined {
  const text = args.value(flag);
  if (text === undefined) return undefined;
  const number = Number(wholeNumber(text, `--${flag}`));
  if (number === 0 || !Number.isSafeInteger(number))
    throw new UsageError(`--${flag}: ${text} is out of bounds`);
  return number;
}

function clientTls(args: CommandArguments): ClusterMemberOptions["client"]["tls"] {
  const [cert, key, clientCa] = [
    readPem(args, "cert-file"),
    readPem(args, "key-file"),
    readPem(args, "trusted-ca-file"),
  ];
  if ((cert === undefined) !== (key === undefined))
    throw new UsageError("--cert-file and --key-file go together");
  const asks = args.has("client-cert-auth") || clientCa !== undefined;
  if (cert === undefined || key === undefined) {
    if (asks)
      throw new UsageError("clients show certificates only over TLS: --cert-file and --key-file are missing");
    return undefined;
  }
  if (!asks) return { cert, key };
  if (clientCa === undefined)
    throw new UsageError("--client-cert-auth needs --trusted-ca-file: whose certificates are good");
  return { cert, key, clientCa };
}

function peerTls(args: CommandArguments): ClusterMemberOptions["peer"]["tls"] {
  const cert = readPem(args, "peer-cert-file");
  const key = readPem(args, "peer-key-file");
  const ca = readPem(args, "peer-trusted-ca-file");
  if ((cert === undefined) !== (key === undefined)) {
    throw new UsageError("--peer-cert-file and --peer-key-file go together");
  }
  if (cert === undefined || key === undefined) {
    if (args.has("peer-client-cert-auth") || ca !== undefined) {
      throw new UsageError(
        "members show certificates only over TLS: --peer-cert-file and --peer-key-file are missing",
      );
    }
    return undefined;
  }
  if (args.has("peer-client-cert-auth") && ca === undefined) {
    throw new UsageError("--peer-client-cert-auth needs --peer-trusted-ca-file: whose certificates are good");
  }
  return { cert, key, ca };
}

/** What goes on is told where it is asked for; what is amiss, always. */
function logTo({ session, output }: Context, told: Set<string>): Log {
  return (level, text) => {
    if (level === "info" && !output.verbose) return;
    const line = oneLine(text);
    if (level === "error") told.add(line);
    session.options.console.err(
      output.json ? JSON.stringify({ level, text: line }) : `${WORDS[level]}: ${line}`,
    );
  };
}

const WORDS = { info: "note", warn: "warning", error: "error" } as const;

function addressText(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
