/** Leases. */
import { etcdserverpb } from "@lattice/etcd-proto";
import { LatticeError } from "@lattice/model";
import type { CommandArguments } from "../commands/command.ts";
import type { Context } from "../context.ts";
import { alignRows } from "../print/table.ts";
import { bytesText } from "../print/value.ts";
import { openClient, withCluster } from "./client.ts";
import { clusterError } from "./errors.ts";
import { showMessage } from "./keys.ts";
import { idOfWord, idText, wholeNumber } from "./words.ts";

export function grant(context: Context, args: CommandArguments): Promise<void> {
  const ttl = wholeNumber(args.text("seconds"), "seconds");
  return withCluster(context, args, async ({ client, options }) => {
    const response = await client.lease.leaseGrant({ ttl }, options);
    if (response.error !== "") throw new LatticeError("failed-precondition", response.error);
    showMessage(context.output, etcdserverpb.LeaseGrantResponse, response, () => [idText(response.id)]);
    if (response.ttl !== ttl)
      context.output.note(`it has ${response.ttl} s, the least that a lease may have`);
  });
}

export function revoke(context: Context, args: CommandArguments): Promise<void> {
  const id = idOfWord(args.text("id"), "id");
  return withCluster(context, args, async ({ client, options }) => {
    const response = await client.lease.leaseRevoke({ id }, options);
    showMessage(context.output, etcdserverpb.LeaseRevokeResponse, response, () => []);
  });
}

export async function keepAlive(context: Context, args: CommandArguments): Promise<void> {
  const id = idOfWord(args.text("id"), "id");
  const { output } = context;
  const open = async function* (signal: AbortSignal): AsyncGenerator<string> {
    const client = await openClient(context, args);
    try {
      for await (const ttl of client.keepAlive(id, { signal })) {
        yield output.json ? JSON.stringify({ id: idText(id), ttl: Number(ttl) }) : `${idText(id)}  ${ttl} s`;
        if (args.has("once")) return;
      }
    } catch (error) {
      throw clusterError(error);
    } finally {
      await client.close();
    }
  };
  await context.follow({ label: `cluster lease keep-alive ${idText(id)}`, open });
}

export function timeToLive(context: Context, args: CommandArguments): Promise<void> {
  const id = idOfWord(args.text("id"), "id");
  return withCluster(context, args, async ({ client, options }) => {
    const response = await client.lease.leaseTimeToLive({ id, keys: true }, options);
    if (response.ttl < 0n) throw new LatticeError("not-found", `there is no lease ${idText(id)} (any more)`);
    showMessage(context.output, etcdserverpb.LeaseTimeToLiveResponse, response, () =>
      alignRows([
        ["granted", `${response.grantedTTL} s`],
        ["left", `${response.ttl} s`],
        ...response.keys.map((key) => ["key", bytesText(key, { inline: true })]),
      ]),
    );
  });
}

export function list(context: Context, args: CommandArguments): Promise<void> {
  return withCluster(context, args, async ({ client, options }) => {
    const response = await client.lease.leaseLeases({}, options);
    showMessage(context.output, etcdserverpb.LeaseLeasesResponse, response, () =>
      response.leases.map(({ id }) => idText(id)),
    );
  });
}
