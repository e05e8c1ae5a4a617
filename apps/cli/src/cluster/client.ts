/** The client that a line asks for, and what all commands that use one share. */
import { readFileSync } from "node:fs";
import type { ClientTls, ClusterClient, ClusterClientOptions } from "@lattice/cluster/client";
import type { CommandArguments } from "../commands/command.ts";
import type { Context } from "../context.ts";
import { parseDurationMs } from "../duration.ts";
import { UsageError } from "../errors.ts";
import { listOf, userOfWord } from "./endpoint-words.ts";
import { tellingErrors } from "./errors.ts";

const ENDPOINT_DEFAULT = "127.0.0.1:2379";

export interface ClusterCall {
  readonly client: ClusterClient;
  readonly options: { readonly signal: AbortSignal };
}

/** Runs `body` with a client that is closed afterwards. */
export async function withCluster(
  context: Context,
  args: CommandArguments,
  body: (call: ClusterCall) => Promise<void>,
): Promise<void> {
  const client = await openClient(context, args);
  try {
    await tellingErrors(() => body({ client, options: { signal: context.signal } }));
  } finally {
    await client.close();
  }
}

/** `endpoints`: instead of those of the line. */
export async function openClient(
  context: Context,
  args: CommandArguments,
  endpoints = endpointsOf(context, args),
): Promise<ClusterClient> {
  const { openClusterClient } = await import("@lattice/cluster/client");
  return openClusterClient(clientOptions(context, args, endpoints));
}

export function clientOptions(
  context: Context,
  args: CommandArguments,
  endpoints = endpointsOf(context, args),
): ClusterClientOptions {
  const timeout = args.value("timeout");
  return {
    endpoints,
    tls: tlsOf(args),
    user: userOf(context, args),
    timeoutMs: timeout === undefined ? undefined : parseDurationMs(timeout),
  };
}

export function endpointsOf({ session }: Context, args: CommandArguments): readonly string[] {
  const text = args.value("endpoints") ?? session.options.env["LATTICE_ENDPOINTS"] ?? "";
  const endpoints = listOf(text);
  return endpoints.length === 0 ? [ENDPOINT_DEFAULT] : endpoints;
}

export function readPem(args: CommandArguments, flag: string): Buffer | undefined {
  const path = args.value(flag);
  if (path === undefined) return undefined;
  try {
    return readFileSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new UsageError(
      `--${flag}: the file "${path}" ${code === "ENOENT" ? "does not exist" : "cannot be read"}`,
    );
  }
}

function tlsOf(args: CommandArguments): ClientTls | undefined {
  const [ca, cert, key] = [readPem(args, "cacert"), readPem(args, "cert"), readPem(args, "key")];
  if ((cert === undefined) !== (key === undefined)) throw new UsageError("--cert and --key go together");
  return ca === undefined && cert === undefined ? undefined : { ca, cert, key };
}

function userOf({ session }: Context, args: CommandArguments) {
  return userOfWord(args.value("user") ?? session.options.env["LATTICE_USER"]);
}
